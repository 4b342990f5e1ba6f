package parallel

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/gopar-project/gopar/internal/codec"
)

// objectCache holds gzipped objects while many engines ask for the same ones.
type objectCache struct {
	mu     sync.Mutex
	packed map[string]packedObject // guarded by mu
	size   int                     // guarded by mu: bytes in packed
}

type packedObject struct {
	data []byte
	size int64 // unpacked
}

// maxCached bounds the cache; beyond it objects are packed again.
const maxCached = 64 << 20

// get returns the object an engine asked for: a unit by its hash, or the running program as "program:<sha256>".
func (c *objectCache) get(name string) ([]byte, int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock() // others wait for the packing: they would do the same
	if o, ok := c.packed[name]; ok {
		return o.data, o.size, nil
	}
	path, err := objectFile(name)
	if err != nil {
		return nil, 0, err
	}
	data, size, err := pack(path)
	if err != nil {
		return nil, 0, err
	}
	if c.size+len(data) <= maxCached {
		if c.packed == nil {
			c.packed = map[string]packedObject{}
		}
		c.packed[name] = packedObject{data, size}
		c.size += len(data)
	}
	return data, size, nil
}

func objectFile(name string) (string, error) {
	sum, ok := strings.CutPrefix(name, codec.ProgramPrefix)
	if !ok {
		return codec.ObjectPath(name)
	}
	own, err := codec.Executable()
	if err != nil {
		return "", err
	}
	if own != sum {
		return "", fmt.Errorf("the engine asked for program %.12s, this is %.12s", sum, own)
	}
	return os.Executable()
}

func pack(path string) ([]byte, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close() //nolint:errcheck // read only
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, 0, err
	}
	n, err := io.Copy(z, f)
	if err == nil {
		err = z.Close()
	}
	return b.Bytes(), n, err
}
