package parallel

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gopar-project/gopar/internal/codec"
	"github.com/gopar-project/gopar/internal/jupyter"
	"github.com/gopar-project/gopar/internal/proto"
)

// part is one task of an AsyncResult: one message to an engine or to the scheduler, and its reply.
type part struct {
	result  *AsyncResult
	channel channel
	engine  *Engine // nil: the scheduler chooses
	call    *codec.Call
	code    string // executed instead of call
	first   int    // of the elements of a map
	n       int    // elements; 1 if it is no map
	resent  int
	prelude bool  // prepares another part of the same engine; has no value
	rank    int   // place among the values; 0 for parts that are sent in that order
	after   *part // the prelude of this one; nil if it has none
	broken  error // why it cannot be sent; nil if it can

	// id is the task's msg_id, written when the part is sent for the first time.
	id   string
	sent time.Time

	// What it came to; written before the result counts it as finished.
	values  []any
	err     error
	ran     int           // id of the engine that ran it; -1 unknown
	took    time.Duration // on the engine
	count   int           // execution count of an execute_reply
	quiet   bool          // the engine says that it showed nothing
	outputs *outputs      // nil unless they are collected
}

// maxResend bounds how often a task is sent again with what the engine lacks: it may meet several engines.
const maxResend = 8

// method is "apply" or "execute".
func (p *part) method() string {
	if p.call == nil {
		return "execute"
	}
	return "apply"
}

// executeContent is an execute_request: what ipyparallel sends, and that an error concerns this request only.
type executeContent struct {
	Code            string            `json:"code"`
	Silent          bool              `json:"silent"`
	StoreHistory    bool              `json:"store_history"`
	UserExpressions map[string]string `json:"user_expressions"`
	AllowStdin      bool              `json:"allow_stdin"`
	StopOnError     bool              `json:"stop_on_error"`
}

// message makes the part's request.
func (p *part) message() (*jupyter.Message, error) {
	l := p.result.link
	if p.call == nil {
		m, err := l.session.New(proto.ExecuteRequestType, nil,
			executeContent{Code: p.code, Silent: p.result.silent, StoreHistory: !p.result.silent, UserExpressions: map[string]string{}})
		return p.addressed(m), err
	}
	content, err := p.call.JSON()
	if err != nil {
		return nil, err
	}
	m, err := l.session.New(proto.ApplyRequestType, nil, content)
	if err != nil {
		return nil, err
	}
	m.Buffers = p.call.Buffers
	if p.result.metadata != nil {
		m.Metadata = p.result.metadata
	}
	return p.addressed(m), nil
}

// addressed puts the part's engine and, when it was sent before, its id on its message: it is the same task, others may depend on it,
// and its retries go on.
func (p *part) addressed(m *jupyter.Message) *jupyter.Message {
	if m == nil {
		return nil
	}
	if p.engine != nil {
		m.Idents = [][]byte{[]byte(p.engine.uuid)}
	}
	if p.id != "" {
		m.Header.MsgID, m.RawHeader = p.id, nil
	}
	return m
}

// transmit sends the part; what fails finishes it.
func (p *part) transmit() {
	if p.broken != nil {
		p.finish(nil, p.broken)
		return
	}
	l := p.result.link
	m, err := p.message()
	if err != nil {
		p.finish(nil, err)
		return
	}
	p.id, p.sent = m.Header.MsgID, time.Now()
	l.mu.Lock()
	err = l.failure
	if err == nil && p.engine != nil && l.engines[p.engine.uuid] != p.engine {
		err = &RemoteError{Engine: p.engine.id, Method: p.method(), Name: proto.EngineError, Message: "the engine is not there any more"}
	}
	if err == nil {
		l.pending[p.id] = p
	}
	l.mu.Unlock()
	if err != nil {
		p.finish(nil, err)
		return
	}
	if p.outputs != nil {
		l.relay.follow(p.id, p.outputs)
	}
	if err := l.dealers[p.channel].Send(l.session.Encode(m)); err != nil {
		l.mu.Lock()
		_, mine := l.pending[p.id]
		delete(l.pending, p.id)
		l.mu.Unlock()
		if mine {
			p.finish(nil, fmt.Errorf("send the task: %w", err))
		}
	}
}

// replyContent is what any reply to a task says.
type replyContent struct {
	proto.RemoteError
	ExecutionCount int `json:"execution_count"`
}

// reply takes the answer to the part.
func (p *part) reply(m *jupyter.Message) {
	var c replyContent
	var meta proto.ReplyMetadata
	if err := errors.Join(json.Unmarshal(m.Content, &c), json.Unmarshal(m.Metadata, &meta)); err != nil {
		p.finish(nil, fmt.Errorf("reply of task %s: %w", p.id, err))
		return
	}
	p.ran, p.count = p.engineID(&c, &meta), c.ExecutionCount
	p.quiet = p.call != nil && !meta.Shows
	if !meta.Started.IsZero() {
		if ended, err := proto.ParseTime(m.Header.Date); err == nil {
			p.took = max(0, ended.Sub(meta.Started.Time))
		}
	}
	if c.Status == proto.StatusOK {
		p.succeed(m)
		return
	}
	e := &RemoteError{Engine: p.ran, Method: p.method(), Name: c.Ename, Message: c.Evalue, Traceback: c.Traceback, Task: p.id}
	if c.Status == proto.StatusAborted {
		e.Name, e.Message, e.Traceback = proto.TaskAborted, "the task was aborted", nil
	}
	if c.Ename == proto.UnitMissing && p.call != nil && p.resent < maxResend {
		p.resend(strings.Split(c.Evalue, ","))
		return
	}
	e.cause = codec.ErrorOf(m.Buffers)
	p.finish(nil, e)
}

func (p *part) engineID(c *replyContent, meta *proto.ReplyMetadata) int {
	if p.engine != nil {
		return p.engine.id
	}
	if e := p.result.link.engine(meta.Engine); e != nil {
		return e.id
	}
	for _, info := range []*proto.ErrorEngineInfo{c.EngineInfo, meta.EngineInfo} {
		if info != nil && info.EngineUUID != "" {
			return info.EngineID
		}
	}
	return -1
}

// succeed decodes the values of a reply.
func (p *part) succeed(m *jupyter.Message) {
	switch {
	case p.call == nil || p.call.Content.Op == codec.OpStore:
		p.finish(nil, nil)
	case p.call.Content.Op == codec.OpFetch:
		p.finish(codec.Values(m.Buffers))
	default:
		values, err := p.result.f.Results(m.Buffers, p.call.Content.Map)
		if err != nil {
			err = fmt.Errorf("result of task %s: %w", p.id, err)
		}
		p.finish(values, err)
	}
}

// resend sends the task again with the objects that the engine lacks.
func (p *part) resend(missing []string) {
	p.resent++
	call := *p.call
	call.Content.Objects = nil
	call.Buffers = p.call.Buffers[:len(p.call.Buffers)-len(p.call.Content.Objects)]
	call.Buffers = call.Buffers[:len(call.Buffers):len(call.Buffers)] // parts share them
	for _, name := range missing {
		packed, size, err := p.result.link.objects.get(name)
		if err != nil {
			p.finish(nil, fmt.Errorf("send what engine %d lacks: %w", p.ran, err))
			return
		}
		call.Content.Objects = append(call.Content.Objects, codec.ObjectRef{Unit: name, Size: size})
		call.Buffers = append(call.Buffers, packed)
	}
	p.call = &call
	p.transmit()
}

// finish records what the part came to. It is called once.
func (p *part) finish(values []any, err error) {
	p.values, p.err = values, err
	if p.outputs != nil && p.id != "" && (p.quiet || p.outputs.lost(err)) {
		p.result.link.relay.drop(p.id)
	}
	p.result.finished(p)
}

// label is the front of a line about the part: its engine and, for executed code, its count.
func (p *part) label() string {
	if p.count > 0 {
		return fmt.Sprintf("Out[%d:%d]: ", p.ran, p.count)
	}
	return fmt.Sprintf("Out[%d]: ", p.ran)
}

// text is what the part's code had as its value, "" for nothing.
func (p *part) text() string {
	if p.outputs == nil {
		return ""
	}
	return p.outputs.result().Text()
}
