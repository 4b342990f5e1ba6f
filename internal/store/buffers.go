package store

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ipyparallel keeps buffers in its databases as a pickled list of bytes. What is written here is such a list in protocol 4, without
// frames and memo; what is read is any that Python's pickle.dumps makes of a list of bytes, and nothing else: no object is ever
// made of it.

// Opcodes of Python's pickle that lists of bytes are made of.
const (
	opProto      = 0x80
	opFrame      = 0x95
	opMemoize    = 0x94
	opBinPut     = 'q'
	opLongPut    = 'r'
	opEmptyList  = ']'
	opMark       = '('
	opAppend     = 'a'
	opAppends    = 'e'
	opShortBytes = 'C'
	opBytes      = 'B'
	opBytes8     = 0x8e
	opStop       = '.'
)

var errPickle = errors.New("not a pickled list of bytes")

// pickled encodes buffers; none are nil, NULL in the database.
func pickled(buffers [][]byte) []byte {
	if len(buffers) == 0 {
		return nil
	}
	n := 8
	for _, b := range buffers {
		n += len(b) + 9
	}
	out := make([]byte, 0, n)
	out = append(out, opProto, 4, opEmptyList, opMark)
	for _, b := range buffers {
		out = append(out, opBytes8)
		out = binary.LittleEndian.AppendUint64(out, uint64(len(b)))
		out = append(out, b...)
	}
	return append(out, opAppends, opStop)
}

// unpickled decodes what pickled or Python made. The buffers share b's memory.
func unpickled(b []byte) (buffers [][]byte, err error) {
	if len(b) == 0 {
		return nil, nil
	}
	take := func(n uint64) []byte {
		if n > uint64(len(b)) {
			err = errPickle
			return nil
		}
		head := b[:n:n]
		b = b[n:]
		return head
	}
	size := func(n uint64) uint64 {
		var whole [8]byte
		copy(whole[:], take(n))
		return binary.LittleEndian.Uint64(whole[:])
	}
	for err == nil && len(b) > 0 {
		op := b[0]
		b = b[1:]
		switch op {
		case opProto, opBinPut:
			take(1)
		case opFrame:
			take(8)
		case opLongPut:
			take(4)
		case opEmptyList, opMark, opMemoize, opAppend, opAppends:
		case opShortBytes:
			buffers = append(buffers, take(size(1)))
		case opBytes:
			buffers = append(buffers, take(size(4)))
		case opBytes8:
			buffers = append(buffers, take(size(8)))
		case opStop:
			if len(b) > 0 {
				return nil, errPickle
			}
			return buffers, nil
		default:
			return nil, fmt.Errorf("%w: opcode %#x", errPickle, op)
		}
	}
	return nil, errPickle
}
