package hub

import (
	"errors"
	"fmt"
	"io/fs"
	"net"

	"github.com/gopar-project/gopar/internal/proto"
	"github.com/gopar-project/gopar/internal/zmtp"
)

// secure decides how connections are protected, before any is made. It refuses
// what would let others run code here.
func (h *Hub) secure() error {
	if h.cfg.NoKey {
		h.cfg.key = ""
	}
	if h.cfg.EnableCurve {
		if err := h.encrypt(); err != nil {
			return err
		}
	} else if h.cfg.Allowed != "" {
		return errors.New("who is allowed is told by public keys, which only CURVE has: turn it on (--enable-curve)")
	}
	outside := !loopback(h.cfg.IP) || !loopback(h.cfg.EngineIP)
	switch {
	case h.cfg.key == "" && h.curve == nil && outside:
		return fmt.Errorf("no key signs messages, and the hub listens beyond this machine (%s, %s): whoever reaches it could run code; "+
			"use a key, or encrypt (--enable-curve), or listen on 127.0.0.1", h.cfg.IP, h.cfg.EngineIP)
	case h.cfg.key == "" && h.curve == nil && !h.cfg.NoKey:
		return fmt.Errorf("%s has no key: its hub had CURVE; turn it on again (--enable-curve), or remove the file", h.cfg.clientFile())
	case h.curve != nil:
		h.log.Info("connections are encrypted", "public key", h.curve.Pair.Public.String(), "clients", map[bool]string{
			true: "those that " + h.cfg.Allowed + " lists", false: "all that have a connection file"}[h.curve.Allow != nil])
	case outside:
		h.log.Info("listening beyond this machine: messages are signed, but whoever is on the network can read them; --enable-curve encrypts")
	}
	return nil
}

// encrypt chooses the hub's key pair: the environment's; that of the hub whose
// files are reused; a new one.
func (h *Hub) encrypt() error {
	pair, found, err := proto.EnvKeyPair()
	if err != nil {
		return err
	}
	path := proto.KeyFile(h.cfg.ProfileDir, h.cfg.ClusterID)
	if !found && h.cfg.Reuse {
		pair, err = proto.ReadKeyPair(path)
		if found = err == nil; !found && !errors.Is(err, proto.ErrNoFile) {
			return err
		}
	}
	if !found {
		if pair, err = zmtp.NewKeyPair(); err != nil {
			return err
		}
	}
	if h.cfg.Reuse {
		if err := proto.WriteKeyPair(path, pair); err != nil {
			return err
		}
	}
	h.curve = &zmtp.Curve{Pair: pair}
	return h.admit()
}

// admit reads who is allowed.
func (h *Hub) admit() error {
	if h.cfg.Allowed == "" {
		return nil
	}
	keys, err := proto.ReadAllowed(h.cfg.Allowed)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, proto.ErrNoFile) {
		return fmt.Errorf("list of allowed public keys: no file %s", h.cfg.Allowed)
	}
	if err != nil {
		return fmt.Errorf("list of allowed public keys: %w", err)
	}
	h.curve.Allow = func(client zmtp.Key) bool { return keys[client] }
	return nil
}

// loopback reports whether only this machine can reach what listens on ip.
func loopback(ip string) bool {
	if ip == "localhost" {
		return true
	}
	a := net.ParseIP(ip)
	return a != nil && a.IsLoopback()
}
