package proto

import (
	"fmt"
	"os"
	"strings"

	"github.com/gopar-project/gopar/internal/zmtp"
)

// Environment variables of CURVE encryption, ipyparallel's. Keys are Z85 texts.
const (
	EnvEnableCurve    = "IPP_ENABLE_CURVE"    // of a hub: 1 turns it on
	EnvCurveServerKey = "IPP_CURVE_SERVERKEY" // the hub's public key, when the connection file does not have it
	EnvCurvePublicKey = "IPP_CURVE_PUBLICKEY" // the process's own pair
	EnvCurveSecretKey = "IPP_CURVE_SECRETKEY"
)

// Curve returns what a client encrypts its connections with; nil if the hub
// does not encrypt. The process's own key pair is the one in the environment,
// else a new one.
func (c *ClientInfo) Curve() (*zmtp.Curve, error) { return clientCurve(c.CurveServerKey) }

// Curve returns what an engine encrypts its connections with; nil if the hub
// does not encrypt. The process's own key pair is the one in the environment,
// else a new one.
func (e *EngineInfo) Curve() (*zmtp.Curve, error) { return clientCurve(e.CurveServerKey) }

func clientCurve(serverKey *string) (*zmtp.Curve, error) {
	text := os.Getenv(EnvCurveServerKey)
	if serverKey != nil && *serverKey != "" {
		text = *serverKey
	}
	if text == "" {
		return nil, nil
	}
	server, err := zmtp.ParseKey(text)
	if err != nil {
		return nil, fmt.Errorf("the hub's public key, curve_serverkey: %w", err)
	}
	pair, found, err := EnvKeyPair()
	if err == nil && !found {
		pair, err = zmtp.NewKeyPair()
	}
	return &zmtp.Curve{Pair: pair, Server: server}, err
}

// EnvKeyPair returns the key pair that the environment gives this process.
func EnvKeyPair() (pair zmtp.KeyPair, found bool, err error) {
	secret := os.Getenv(EnvCurveSecretKey)
	if secret == "" {
		return pair, false, nil
	}
	if pair, err = zmtp.ParseKeyPair(os.Getenv(EnvCurvePublicKey), secret); err != nil {
		err = fmt.Errorf("$%s and $%s: %w", EnvCurvePublicKey, EnvCurveSecretKey, err)
	}
	return pair, true, err
}

// ForgetSecrets removes from the environment what this process has read and
// its children must not: an engine's children run cells.
func ForgetSecrets() error {
	for _, name := range []string{EnvCurveSecretKey, EnvConnectionInfo} {
		if err := os.Unsetenv(name); err != nil {
			return err
		}
	}
	return nil
}

// keyFile is a hub's key pair on disk.
type keyFile struct {
	Public string `json:"curve_publickey"`
	Secret string `json:"curve_secretkey"`
}

// KeyFile returns the path of the file that keeps the key pair of a hub whose
// connection files are reused.
func KeyFile(profileDir, clusterID string) string { return file(profileDir, clusterID, "curve") }

// ReadKeyPair reads a key file. It refuses one that others can read: their
// copy of the key would be as good as the hub's.
func ReadKeyPair(path string) (zmtp.KeyPair, error) {
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		return zmtp.KeyPair{}, fmt.Errorf("key file %s: others can read it (mode %#o): remove it, and a new key is made", path, info.Mode().Perm())
	}
	var f keyFile
	if err := read(path, &f); err != nil {
		return zmtp.KeyPair{}, err
	}
	pair, err := zmtp.ParseKeyPair(f.Public, f.Secret)
	if err != nil {
		return zmtp.KeyPair{}, fmt.Errorf("key file %s: %w", path, err)
	}
	return pair, nil
}

// WriteKeyPair writes a key file, mode 0600.
func WriteKeyPair(path string, pair zmtp.KeyPair) error {
	return writeAtomic(path, keyFile{pair.Public.String(), pair.Secret.Z85()})
}

// ReadAllowed reads the public keys of the clients and engines that a hub
// admits, one to a line: its Z85 text, and after a space whose it is. Lines that
// are empty or begin with "# " are skipped.
func ReadAllowed(path string) (map[zmtp.Key]bool, error) {
	b, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	keys := map[zmtp.Key]bool{}
	for i, line := range strings.Split(string(b), "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		k, err := zmtp.ParseKey(fields[0])
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
		keys[k] = true
	}
	return keys, nil
}
