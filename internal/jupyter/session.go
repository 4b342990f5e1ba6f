package jupyter

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/uuid/v5"
)

// Errors of Session.Decode; test with errors.Is.
var (
	// ErrSignature means that the message was not signed with this session's key.
	ErrSignature = errors.New("bad message signature")
	// ErrMalformed means that the frames are not a Jupyter message.
	ErrMalformed = errors.New("malformed message")
	// ErrReplay means that the same signed message came before.
	ErrReplay = errors.New("message was seen before")
)

// Bounds of what Decode believes; no honest peer comes near them.
const (
	maxIdents    = 32       // routing frames: relays add one each
	maxIdent     = 255      // ZeroMQ's limit of an identity
	maxTopic     = 4 << 10  // the first ident of an iopub message is its topic
	maxHeader    = 64 << 10 // header and parent header
	maxBuffers   = 1 << 16  // frames after the content
	dateLayout   = "2006-01-02T15:04:05.000000Z07:00"
	jsonParts    = 4
	signatureHex = 2 * sha256.Size
)

// delimiter separates the routing frames from the message.
var delimiter = []byte("<IDS|MSG>")

// Session makes, signs and checks messages: one key and one identity. Its
// methods may be called concurrently.
type Session struct {
	// ID is the session of every header made here. A kernel has its own, a new
	// one per process; an engine's is its UUID.
	ID string
	// Username is the user of every header made here.
	Username string

	key    []byte
	prefix string // of message ids: unique to this Session value
	count  atomic.Uint64
	macs   sync.Pool // of hash.Hash keyed with key
	seen   *replayWindow
}

// NewSession returns a Session with a random ID that signs with key. An empty
// key means messages are neither signed nor checked.
func NewSession(key []byte) *Session { return NewSessionID(key, newID()) }

// NewSessionID is NewSession with a given ID, for an engine whose session is
// its UUID.
func NewSessionID(key []byte, id string) *Session {
	s := &Session{ID: id, Username: userName(), key: bytes.Clone(key)}
	// Two Sessions may share an ID (an engine's sockets), so the id alone does
	// not make message ids unique.
	s.prefix = id + "_" + newID()[:8] + "_"
	s.macs.New = func() any { return hmac.New(sha256.New, s.key) }
	return s
}

// RejectReplays makes Decode refuse a message whose signature is one of the
// last n accepted. Call it before the first Decode. Without a key there are no
// signatures and it has no effect. It costs about 100 bytes per remembered
// message.
func (s *Session) RejectReplays(n int) {
	if len(s.key) > 0 && n > 0 {
		s.seen = newReplayWindow(n)
	}
}

// New makes a message of this session. With a parent, the parent's header is
// the parent header byte for byte and its routing frames are copied, so that a
// reply finds its way back. Content is anything that encodes to a JSON object,
// a json.RawMessage is taken as it is, nil is "{}". It fails only when content
// does not encode.
func (s *Session) New(msgType string, parent *Message, content any) (*Message, error) {
	raw, err := encodeJSON(content)
	if err != nil {
		return nil, fmt.Errorf("content of %s: %w", msgType, err)
	}
	m := &Message{
		Header: Header{
			MsgID:    s.prefix + strconv.FormatUint(s.count.Add(1), 10),
			Session:  s.ID,
			Username: s.Username,
			Date:     time.Now().UTC().Format(dateLayout),
			MsgType:  msgType,
			Version:  ProtocolVersion,
		},
		Parent:   emptyObject,
		Metadata: emptyObject,
		Content:  raw,
	}
	m.RawHeader = m.header()
	if parent != nil {
		m.Parent = parent.header()
		m.Idents = append([][]byte(nil), parent.Idents...)
	}
	return m, nil
}

// Encode returns the frames of m: routing frames, delimiter, signature, header,
// parent header, metadata, content, buffers. The frames share m's memory.
func (s *Session) Encode(m *Message) [][]byte {
	parts := [jsonParts][]byte{m.header(), object(m.Parent), object(m.Metadata), object(m.Content)}
	frames := make([][]byte, 0, len(m.Idents)+2+jsonParts+len(m.Buffers))
	frames = append(frames, m.Idents...)
	frames = append(frames, delimiter, s.sign(parts[:]))
	frames = append(frames, parts[:]...)
	return append(frames, m.Buffers...)
}

// Decode checks frames and returns the message in them; it shares their memory.
// The error is ErrMalformed, ErrSignature or ErrReplay, wrapped.
func (s *Session) Decode(frames [][]byte) (*Message, error) {
	idents, rest, err := splitIdents(frames)
	if err != nil {
		return nil, err
	}
	if len(rest) < 1+jsonParts {
		return nil, fmt.Errorf("%w: %d frames after the delimiter, at least %d needed", ErrMalformed, len(rest), 1+jsonParts)
	}
	signature, parts, buffers := rest[0], rest[1:1+jsonParts], rest[1+jsonParts:]
	if err := s.check(signature, parts); err != nil {
		return nil, err
	}
	if len(parts[0]) > maxHeader || len(parts[1]) > maxHeader || len(buffers) > maxBuffers {
		return nil, fmt.Errorf("%w: header of %d bytes, parent of %d bytes, %d buffers", ErrMalformed, len(parts[0]), len(parts[1]), len(buffers))
	}
	for i, name := range [jsonParts]string{"header", "parent header", "metadata", "content"} {
		if i > 0 && !isObject(parts[i]) { // the header is decoded below, which checks it
			return nil, fmt.Errorf("%w: %s is not a JSON object", ErrMalformed, name)
		}
	}
	m := &Message{
		Idents:    idents,
		RawHeader: parts[0],
		Parent:    object(parts[1]),
		Metadata:  object(parts[2]),
		Content:   object(parts[3]),
		Buffers:   buffers,
	}
	if err := json.Unmarshal(parts[0], &m.Header); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrMalformed, err)
	}
	if m.Header.MsgType == "" || m.Header.MsgID == "" {
		return nil, fmt.Errorf("%w: header without msg_id or msg_type", ErrMalformed)
	}
	return m, nil
}

// splitIdents cuts frames at the delimiter.
func splitIdents(frames [][]byte) (idents, rest [][]byte, err error) {
	for i, f := range frames {
		if bytes.Equal(f, delimiter) {
			return frames[:i:i], frames[i+1:], nil
		}
		limit := maxIdent
		if i == 0 {
			limit = maxTopic
		}
		if i >= maxIdents || len(f) > limit {
			break
		}
	}
	return nil, nil, fmt.Errorf("%w: no delimiter among the first of %d frames", ErrMalformed, len(frames))
}

// check compares the signature of parts in constant time and, when asked to,
// remembers it.
func (s *Session) check(signature []byte, parts [][]byte) error {
	if len(s.key) == 0 {
		return nil
	}
	if !hmac.Equal(signature, s.sign(parts)) {
		return ErrSignature
	}
	if s.seen != nil && !s.seen.add(signature) {
		return ErrReplay
	}
	return nil
}

// sign returns the lower-case hexadecimal HMAC-SHA256 of the four JSON parts;
// empty without a key.
func (s *Session) sign(parts [][]byte) []byte {
	if len(s.key) == 0 {
		return []byte{}
	}
	mac := s.macs.Get().(hash.Hash)
	defer s.macs.Put(mac)
	mac.Reset()
	for _, p := range parts {
		mac.Write(p) // a hash never fails
	}
	var sum [sha256.Size]byte
	return hex.AppendEncode(make([]byte, 0, signatureHex), mac.Sum(sum[:0]))
}

// isObject reports whether raw is a valid JSON object, or nothing or null,
// which some clients send for an empty one.
func isObject(raw []byte) bool {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return true
	}
	return raw[0] == '{' && json.Valid(raw)
}

// newID returns a random UUID in its usual text form.
func newID() string {
	id, err := uuid.NewV4()
	if err != nil { // crypto/rand of this Go version does not fail
		return strconv.FormatInt(time.Now().UnixNano(), 16) + "-" + strconv.Itoa(os.Getpid())
	}
	return id.String()
}

// userName returns the user's login name for message headers.
func userName() string {
	for _, name := range []string{"USER", "LOGNAME", "USERNAME"} {
		if u := os.Getenv(name); u != "" {
			return u
		}
	}
	return "user"
}
