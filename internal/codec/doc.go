// Package codec turns Go values and functions into message frames and back.
//
// A call travels as a [Content] (JSON, in the content of an apply_request: which function, how many arguments) and a list
// of buffers: the first holds the values in a typed binary form, the others are the raw memory of large numeric slices.
// [Pack] makes them from a function and its arguments, [Invoke] runs them where the function lives, and [Unpack] reads
// the results.
//
// The form is self-describing: a value carries its type's description, so that an element of an []any or map[string]any
// comes back with the type it had. Named types are described by package and name and must exist on both sides, which
// they do: both run the same build, and a cell's types come with its unit. Unexported fields travel too, sharing and
// cycles through pointers, maps and slices are kept, and nil stays nil.
//
// What has no meaning in another process — channels, locks, open files, contexts, function literals with unknown
// captures — is refused with the path to it: "args[1].conn: *os.File cannot travel: …".
//
// It is not a general serialisation: the form is neither stable between builds of gopar nor meant for storage.
//
// Invariants:
//   - Decoding is bounded: a length is compared with what is left before anything is allocated, and what is allocated in
//     total is proportional to the input. Malformed input is an error, never a panic.
//   - Encoding does not copy numeric slices of [RawSize] bytes or more: the frames alias them until they are sent.
//     Decoding copies each once.
//   - Encoding and decoding of one value are not concurrent with changes of it by the program; as with a value given to
//     a goroutine, it belongs to the call until the result is there.
package codec
