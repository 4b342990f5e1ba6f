package cluster

import (
	"context"

	"github.com/gopar-project/gopar/internal/proto"
)

// HubStatus asks the cluster's hub, which must be gopar's, what it has to do.
func (c *Cluster) HubStatus(ctx context.Context) (proto.StatusReply, error) {
	var r proto.StatusReply
	return r, c.askHub(ctx, proto.StatusRequestType, struct{}{}, &r)
}

// Story asks the cluster's hub, which must be gopar's, what happened to a task.
func (c *Cluster) Story(ctx context.Context, task string) (proto.StoryReply, error) {
	var r proto.StoryReply
	return r, c.askHub(ctx, proto.StoryRequestType, proto.StoryRequest{MsgID: task}, &r)
}

// askHub sends the hub one query.
func (c *Cluster) askHub(ctx context.Context, msgType string, query, reply any) error {
	h, err := dialHub(ctx, c.ConnectionFile(), c.log)
	if err != nil {
		return err
	}
	defer h.close()
	return h.ask(ctx, msgType, query, reply)
}
