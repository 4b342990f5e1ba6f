package kernel

import (
	"context"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// complete serves complete_request from what is declared, while a cell runs,
// too. No match is an empty list, not an error.
// https://jupyter-client.readthedocs.io/en/stable/messaging.html#completion
func (k *Kernel) complete(_ context.Context, _ *jupyter.Request, c jupyter.CompleteRequest) (jupyter.CompleteReply, error) {
	cursor := clampCursor(c.Code, c.CursorPos)
	completion, ok := completeMagic(c.Code, cursor)
	if !ok {
		completion = k.evaluator.Complete(blankMagics(c.Code), cursor)
	}
	reply := jupyter.CompleteReply{
		Status:      jupyter.StatusOK,
		Matches:     make([]string, 0, len(completion.Matches)),
		CursorStart: completion.Start,
		CursorEnd:   completion.End,
		Metadata:    jupyter.CompleteMetadata{Types: make([]jupyter.CompleteType, 0, len(completion.Matches))},
	}
	if len(completion.Matches) == 0 {
		reply.CursorStart, reply.CursorEnd = cursor, cursor
	}
	for _, m := range completion.Matches {
		reply.Matches = append(reply.Matches, m.Text)
		reply.Metadata.Types = append(reply.Metadata.Types, jupyter.CompleteType{
			Text: m.Text, Type: m.Type, Signature: m.Signature, Start: completion.Start, End: completion.End,
		})
	}
	return reply, nil
}

// clampCursor returns cursor as a position in code: a front end's idea of the
// text may be a keystroke behind.
func clampCursor(code string, cursor int) int {
	n := 0
	for range code {
		n++
	}
	return min(max(cursor, 0), n)
}
