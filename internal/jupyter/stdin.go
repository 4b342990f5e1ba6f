package jupyter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gopar-project/gopar/internal/zmtp"
)

// stdinPatience is how long a question waits for its front end to connect
// stdin: the channels connect independently, so shell may be there first.
const stdinPatience = time.Second

// ErrNoStdin means that nobody can be asked: the front end does not allow it,
// or the connection has no stdin channel.
var ErrNoStdin = errors.New("the front end does not accept input requests")

// endOfInput is what front ends send as the value of an input_reply for
// Ctrl-D.
const endOfInput = "\x04"

// InputRequest is the content of an input_request.
type InputRequest struct {
	Prompt   string `json:"prompt"`
	Password bool   `json:"password"`
}

// InputReply is the content of an input_reply.
type InputReply struct {
	Value string `json:"value"`
}

// Input asks the front end that sent parent for a line and blocks until it
// answered or ctx ended. Concurrent calls wait for each other. An answer to an
// earlier question, or from another front end, is dropped. The error is io.EOF
// when the user ended the input, ErrNoStdin when there is nobody to ask.
func (c *Conn) Input(ctx context.Context, parent *Message, prompt string, password bool) (string, error) {
	if c.stdin == nil || parent == nil || len(parent.Idents) == 0 {
		return "", ErrNoStdin
	}
	select {
	case c.asking <- struct{}{}:
		defer func() { <-c.asking }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	question, err := c.session.New("input_request", parent, InputRequest{Prompt: prompt, Password: password})
	if err != nil {
		return "", err
	}
	answers := make(chan *Message, 1) // the reader never waits for a question that is over
	c.mu.Lock()
	c.question, c.answers = question, answers
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.question, c.answers = nil, nil
		c.mu.Unlock()
	}()
	if err := c.ask(ctx, question); err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoStdin, err)
	}
	select {
	case m := <-answers:
		var reply InputReply
		if err := m.Bind(&reply); err != nil {
			return "", err
		}
		if reply.Value == endOfInput {
			return "", io.EOF
		}
		return reply.Value, nil
	case <-ctx.Done():
		return "", ctx.Err()
	case <-c.done:
		return "", io.EOF
	}
}

// ask sends question. A front end whose stdin is not connected yet, though its
// request is here already, is waited for.
func (c *Conn) ask(ctx context.Context, question *Message) error {
	timer := time.NewTimer(stdinPatience)
	defer timer.Stop()
	for {
		c.mu.Lock()
		connected := c.stdinConnected
		c.mu.Unlock()
		err := c.send(Stdin, question)
		if !errors.Is(err, zmtp.ErrNoPeer) {
			return err
		}
		select {
		case <-connected:
		case <-timer.C:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-c.done:
			return err
		}
	}
}

// stdinPeer notes that a front end connected its stdin.
func (c *Conn) stdinPeer(*zmtp.Peer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.stdinConnected)
	c.stdinConnected = make(chan struct{})
}

// answer takes a message of the stdin channel: the answer to the question that
// is open, or nothing.
func (c *Conn) answer(m *Message) {
	if why := c.takeAnswer(m); why != "" {
		c.log.V(1).Info("input_reply dropped", "channel", Stdin, "msg", m.Header.MsgID, "why", why)
	}
}

// takeAnswer hands m to the open question, or says why it does not belong there.
func (c *Conn) takeAnswer(m *Message) string {
	if m.Header.MsgType != "input_reply" {
		return "not an input_reply"
	}
	parent, err := m.ParentHeader()
	if err != nil {
		return err.Error()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.question == nil:
		return "no question is open"
	case string(m.Idents[0]) != string(c.question.Idents[0]):
		return "another front end was asked"
	// jupyter_client sends no parent header; where there is one it must fit.
	case parent.MsgID != "" && parent.MsgID != c.question.Header.MsgID:
		return "it answers an earlier question"
	}
	select {
	case c.answers <- m:
		return ""
	default:
		return "the question was answered before"
	}
}
