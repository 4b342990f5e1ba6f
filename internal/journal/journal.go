// Package journal keeps on disk what happened, so that a process that was killed can be started again where it was. It knows
// entries, files and their bounds; what entries mean is their writer's business.
//
// # Format
//
// A journal is a folder of segments, NUMBER.journal, that are read in the order of their numbers. A segment is
//
//	magic    8 bytes, "gopar-j1"
//	entry    any number of
//	         length of the body   4 bytes, little-endian, at most MaxEntry
//	         CRC-32C of the body  4 bytes, little-endian
//	         body                 kind, 1 byte; number of parts, unsigned varint; their lengths, unsigned varints; the parts
//
// A segment begins with a snapshot: entries that say all that segments before it said and that still matters, and one that ends the
// snapshot. So older segments can be dropped; what is kept of them is history.
//
// # Invariants
//
//   - Append never waits for the disk. Entries are written in the order of Append, in as few writes as there are pauses.
//   - What was written survives the process. It survives the machine, but for what was appended in the last Config.Sync.
//   - A segment that breaks off, as one does when its writer is killed, is read up to there.
//   - Nothing read from disk is believed before its length and its sum were checked.
//   - The folder and its files are for their owner only: entries hold users' data.
package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
)

// MaxEntry is the size of the largest body of an entry, in bytes.
const MaxEntry = 64 << 20

const (
	magic      = "gopar-j1"
	headSize   = 8       // of an entry
	maxParts   = 1 << 16 // of an entry
	extension  = ".journal"
	keepBuffer = 1 << 20 // bytes of the write buffer that are kept for the next write
)

// ErrLocked says that another process writes the journal.
var ErrLocked = errors.New("another hub uses the journal")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Entry is one event.
type Entry struct {
	Kind  byte
	Parts [][]byte
}

// Size is what the entry takes on disk, in bytes.
func (e *Entry) Size() int64 {
	n := headSize + 1 + binary.MaxVarintLen32
	for _, p := range e.Parts {
		n += binary.MaxVarintLen32 + len(p)
	}
	return int64(n)
}

// Config says where a journal is and how large it gets. Dir is required.
type Config struct {
	// Dir is the journal's folder. It is made if need be, mode 0700.
	Dir string
	// Segment is the size at which a segment is full, in bytes. Default: 64 MiB, which takes a fraction of a second to read.
	Segment int64
	// Total bounds the bytes of all segments; the oldest are removed. The one that is written, and the one before while the snapshot of
	// that is not on disk, stay. Default: 1 GiB.
	Total int64
	// Backlog bounds the bytes that wait for the disk before Room blocks. Default: 64 MiB.
	Backlog int64
	// Sync is how long an entry may be in the system's memory only. Default: 1 s, which costs little; negative: the system decides.
	Sync time.Duration
	// Log receives what goes wrong. Default: discard.
	Log logr.Logger
}

func (c *Config) setDefaults() {
	if c.Segment <= 0 {
		c.Segment = 64 << 20
	}
	if c.Total <= 0 {
		c.Total = 1 << 30
	}
	if c.Backlog <= 0 {
		c.Backlog = 64 << 20
	}
	if c.Sync == 0 {
		c.Sync = time.Second
	}
	if c.Log.GetSink() == nil {
		c.Log = logr.Discard()
	}
}

// Journal is a journal that is written. Its methods may be called concurrently.
type Journal struct {
	cfg  Config
	lock io.Closer
	done chan struct{} // closed when the writer has ended

	mu      sync.Mutex
	work    sync.Cond // of mu: the writer has work, or has to end
	room    sync.Cond // of mu: the backlog shrank, or the journal ended
	queue   []item    // guarded by mu, like all below
	waiting int64     // bytes in the queue and being written
	filled  int64     // bytes of the segment, those that wait included
	rotated bool      // a snapshot is in the queue
	closed  bool
	err     error // why nothing is written any more

	// What follows belongs to the writer.
	file     *os.File
	number   int
	buffer   []byte
	dirty    time.Time // when the oldest entry was written that is not synced; zero: all are
	segments []segment // all, the one that is written last
}

// item is an entry in the queue, or, with next, the end of a segment.
type item struct {
	entry Entry
	next  bool // begin a segment
	done  bool // the segment's snapshot is complete
}

type segment struct {
	number int
	size   int64
}

// Create begins a journal. One that is there is kept aside, in Dir with ".old" behind it, in place of what was there.
func Create(c Config) (*Journal, error) {
	c.setDefaults()
	lock, err := lockDir(c.Dir)
	if err != nil {
		return nil, err
	}
	found, err := list(c.Dir)
	if err == nil && len(found) > 0 {
		err = setAside(c.Dir, found)
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return begin(c, lock, nil)
}

// Restore calls each for the entries of the journal that is there, oldest first, and goes on with it. The caller then calls Rotate
// with a snapshot. An error of each ends it.
func Restore(c Config, each func(Entry) error) (*Journal, error) {
	c.setDefaults()
	lock, err := lockDir(c.Dir)
	if err != nil {
		return nil, err
	}
	found, err := list(c.Dir)
	for i, s := range found {
		if err != nil {
			break
		}
		err = read(filepath.Join(c.Dir, name(s.number)), each, func(broken error) {
			c.Log.Info("journal breaks off", "segment", name(s.number), "last", i == len(found)-1, "reason", broken.Error())
		})
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return begin(c, lock, found)
}

// begin opens a segment behind those that were found and starts the writer.
func begin(c Config, lock io.Closer, found []segment) (*Journal, error) {
	j := &Journal{cfg: c, lock: lock, done: make(chan struct{}), segments: found}
	j.work.L, j.room.L = &j.mu, &j.mu
	if len(found) > 0 {
		j.number = found[len(found)-1].number
	}
	if err := j.nextSegment(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	go j.write()
	return j, nil
}

// Append enters an event. It does not wait; the parts must not change afterwards. After an error of the disk it does nothing.
func (j *Journal) Append(e Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.append(item{entry: e})
}

// append enters an item. mu is held.
func (j *Journal) append(x item) {
	n := x.entry.Size()
	if j.closed || j.err != nil || n > MaxEntry || len(x.entry.Parts) > maxParts {
		return
	}
	j.queue = append(j.queue, x)
	j.waiting += n
	j.filled += n
	j.work.Signal()
}

// Full reports whether it is time for Rotate: the segment has reached Config.Segment, or twice the size of a snapshot, whichever is
// more.
func (j *Journal) Full(snapshot int64) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.filled > max(j.cfg.Segment, 2*snapshot) && !j.rotated && j.err == nil
}

// Rotate begins a segment with a snapshot, whose last entry the caller knows as its end. What was appended before is in the segment
// before; the caller sees to it that nothing is appended that the snapshot should hold and does not.
func (j *Journal) Rotate(snapshot []Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.rotated = true
	j.queue = append(j.queue, item{next: true})
	j.filled = 0
	for _, e := range snapshot {
		j.append(item{entry: e})
	}
	j.queue = append(j.queue, item{done: true})
	j.work.Signal()
}

// Room waits until not too much waits for the disk, or the journal has ended. Whoever brings new entries from outside calls it first.
func (j *Journal) Room() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.waiting > j.cfg.Backlog && j.err == nil && !j.closed {
		j.room.Wait()
	}
}

// Close writes what waits, and ends the journal. It returns why entries were lost, if they were.
func (j *Journal) Close() error {
	j.mu.Lock()
	j.closed = true
	j.work.Signal()
	j.room.Broadcast()
	j.mu.Unlock()
	<-j.done
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// Remove removes the files of a journal that is closed.
func Remove(dir string) error { return os.RemoveAll(dir) }

// write is the writer.
func (j *Journal) write() {
	defer close(j.done)
	for {
		items, last := j.take()
		err := j.put(items)
		if err == nil && last {
			err = j.file.Sync()
		}
		j.mu.Lock()
		if err != nil && j.err == nil {
			j.err = fmt.Errorf("journal: %w", err)
			j.cfg.Log.Error(j.err, "nothing more is kept for --restore")
			j.queue = nil
		}
		j.mu.Unlock()
		j.room.Broadcast()
		if last {
			err := errors.Join(j.file.Close(), j.lock.Close())
			j.mu.Lock()
			j.err = errors.Join(j.err, err)
			j.mu.Unlock()
			return
		}
	}
}

// take waits for items, or for the time to sync, and returns the items; last says that none come any more.
func (j *Journal) take() (items []item, last bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(j.queue) == 0 && !j.closed {
		if j.dirty.IsZero() || j.cfg.Sync < 0 {
			j.work.Wait()
			continue
		}
		if time.Since(j.dirty) >= j.cfg.Sync {
			break
		}
		t := time.AfterFunc(j.cfg.Sync-time.Since(j.dirty), j.work.Signal)
		j.work.Wait()
		t.Stop()
	}
	items, j.queue = j.queue, nil
	return items, j.closed
}

// put writes items, and syncs when it is time.
func (j *Journal) put(items []item) error {
	j.mu.Lock()
	err := j.err
	j.mu.Unlock()
	if err != nil {
		return nil // told already
	}
	var written int64
	for _, x := range items {
		switch {
		case x.next:
			if err = errors.Join(j.flush(), j.file.Sync()); err == nil {
				err = j.nextSegment()
			}
		case x.done:
			if err = errors.Join(j.flush(), j.file.Sync()); err == nil {
				j.shrink()
			}
			j.mu.Lock()
			j.rotated = false
			j.mu.Unlock()
		default:
			j.buffer = appendEntry(j.buffer, &x.entry)
			written += x.entry.Size()
			if len(j.buffer) >= keepBuffer {
				err = j.flush()
			}
		}
		if err != nil {
			return err
		}
	}
	if err = j.flush(); err != nil {
		return err
	}
	j.mu.Lock()
	j.waiting -= written
	j.mu.Unlock()
	if written > 0 && j.dirty.IsZero() {
		j.dirty = time.Now()
	}
	if !j.dirty.IsZero() && j.cfg.Sync > 0 && time.Since(j.dirty) >= j.cfg.Sync {
		j.dirty = time.Time{}
		return j.file.Sync()
	}
	return nil
}

// flush writes the buffer.
func (j *Journal) flush() error {
	if len(j.buffer) == 0 {
		return nil
	}
	_, err := j.file.Write(j.buffer)
	j.segments[len(j.segments)-1].size += int64(len(j.buffer))
	if j.buffer = j.buffer[:0]; cap(j.buffer) > 4*keepBuffer {
		j.buffer = nil
	}
	return err
}

// nextSegment begins a segment.
func (j *Journal) nextSegment() error {
	if j.file != nil {
		if err := j.file.Close(); err != nil {
			return err
		}
	}
	j.number++
	f, err := os.OpenFile(filepath.Join(j.cfg.Dir, name(j.number)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	j.file = f
	j.segments = append(j.segments, segment{j.number, int64(len(magic))})
	_, err = f.WriteString(magic)
	return err
}

// shrink removes the oldest segments until the rest is within Config.Total.
func (j *Journal) shrink() {
	var total int64
	for _, s := range j.segments {
		total += s.size
	}
	for len(j.segments) > 1 && total > j.cfg.Total {
		s := j.segments[0]
		if err := os.Remove(filepath.Join(j.cfg.Dir, name(s.number))); err != nil && !errors.Is(err, os.ErrNotExist) {
			j.cfg.Log.Error(err, "old segment of the journal not removed")
			return
		}
		total -= s.size
		j.segments = j.segments[1:]
	}
}

func name(number int) string { return fmt.Sprintf("%08d%s", number, extension) }

// list returns the segments in dir, oldest first.
func list(dir string) ([]segment, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	var found []segment
	for _, f := range files {
		text, ok := strings.CutSuffix(f.Name(), extension)
		n, err := strconv.Atoi(text)
		if !ok || err != nil || n < 1 {
			continue
		}
		info, err := f.Info()
		if err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
		found = append(found, segment{n, info.Size()})
	}
	slices.SortFunc(found, func(a, b segment) int { return a.number - b.number })
	return found, nil
}

// setAside moves segments to the folder beside, in place of those that are there.
func setAside(dir string, found []segment) error {
	old := dir + ".old"
	if err := os.RemoveAll(old); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := os.Mkdir(old, 0o700); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	for _, s := range found {
		if err := os.Rename(filepath.Join(dir, name(s.number)), filepath.Join(old, name(s.number))); err != nil {
			return fmt.Errorf("journal: %w", err)
		}
	}
	return nil
}

// appendEntry encodes an entry behind b.
func appendEntry(b []byte, e *Entry) []byte {
	start := len(b)
	b = append(b, make([]byte, headSize)...)
	b = append(b, e.Kind)
	b = binary.AppendUvarint(b, uint64(len(e.Parts)))
	for _, p := range e.Parts {
		b = binary.AppendUvarint(b, uint64(len(p)))
	}
	for _, p := range e.Parts {
		b = append(b, p...)
	}
	body := b[start+headSize:]
	binary.LittleEndian.PutUint32(b[start:], uint32(len(body)))
	binary.LittleEndian.PutUint32(b[start+4:], crc32.Checksum(body, castagnoli))
	return b
}

// errBroken says that bytes are no entry.
var errBroken = errors.New("damaged or incomplete entry")

// parseBody decodes an entry's body; the parts share its memory.
func parseBody(body []byte) (Entry, error) {
	if len(body) == 0 {
		return Entry{}, errBroken
	}
	e := Entry{Kind: body[0]}
	rest := body[1:]
	number := func(limit uint64) uint64 {
		v, n := binary.Uvarint(rest)
		if n <= 0 || v > limit {
			rest = nil
			return limit + 1
		}
		rest = rest[n:]
		return v
	}
	n := number(min(maxParts, uint64(len(rest))))
	if n > min(maxParts, uint64(len(body))) {
		return Entry{}, errBroken
	}
	lengths := make([]uint64, n)
	var sum uint64
	for i := range lengths {
		lengths[i] = number(MaxEntry)
		sum += lengths[i]
	}
	if sum != uint64(len(rest)) {
		return Entry{}, errBroken
	}
	e.Parts = make([][]byte, n)
	for i, l := range lengths {
		e.Parts[i], rest = rest[:l:l], rest[l:]
	}
	return e, nil
}
