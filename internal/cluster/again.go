package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gopar-project/gopar/internal/launch"
)

// hubEnded plans to start a hub again that ended and was not asked to; it goes on with what its journal tells. One that keeps failing
// is given up, like an engine.
func (s *supervisor) hubEnded(t launch.Task) {
	if time.Since(s.st.Hub.Submitted) > calm {
		s.st.HubFailures = 0
	}
	s.st.HubFailures++
	s.st.State, s.st.Problem = Broken, "the hub has ended: "+t.Reason
	if s.st.HubFailures > s.st.Spec.Restarts {
		s.log.Info("hub given up", "failures", s.st.HubFailures, "reason", t.Reason)
		return
	}
	s.st.HubAt = time.Now().Add(backoff(s.st.HubFailures))
	s.st.Problem += "; it is started again"
}

// restartHub starts the hub again. Its engines come back to it by themselves.
func (s *supervisor) restartHub(ctx context.Context) {
	s.st.HubAt = time.Time{}
	open := slices.ContainsFunc(s.launchers, func(l launch.Launcher) bool { return l.Traits().Elsewhere })
	rec, err := s.local.Start(ctx, s.st.Spec.job(launch.Job{
		Name: s.jobName("hub"), Dir: s.profileDir, N: 1, Args: append(s.st.Spec.hubArgs(open), "--restore"),
	}))
	if err != nil {
		s.log.Error(err, "hub not started again")
		s.st.Problem = fmt.Sprintf("the hub has ended and was not started again: %v", err)
		return
	}
	job := s.st.Hub.Name
	s.st.Hub, s.st.HubRestarts = rec, s.st.HubRestarts+1
	s.st.Tasks = slices.DeleteFunc(s.st.Tasks, func(t launch.Task) bool { return t.Job == job })
	s.st.State, s.st.Problem = Running, ""
	s.assess()
	s.log.Info("hub started again", "restarts", s.st.HubRestarts)
}
