package codec

import (
	"context"
	"encoding/json"
)

// Lit wraps a function literal that the front end lifted: maker is a function of a cell that takes a pointer to a struct
// of the captured variables and returns the literal; captures is such a pointer. The result is accepted wherever package
// parallel takes a function.
func Lit(maker any, captures any) any { return &Literal{Maker: maker, Captures: captures} }

// Literal is a function literal with what it captured; see Lit.
type Literal struct {
	Maker    any // func(*struct{…}) func(…) …, declared in a cell
	Captures any // *struct{…}
}

// Invoke runs one task in this process and returns the frames of its result. The units it names are loaded already.
func Invoke(ctx context.Context, content json.RawMessage, buffers [][]byte) ([][]byte, error) {
	return nil, nil
}
