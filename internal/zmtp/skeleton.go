package zmtp

import (
	"context"
	"net"
)

type Peer struct{}

func (p *Peer) Identity() string            { return "" }
func (p *Peer) RemoteAddr() net.Addr        { return nil }
func (p *Peer) Send(frames ...[]byte) error { return ErrClosed }

type socket struct{}

func (s *socket) Listen(endpoint string) (string, error) { return "", ErrClosed }
func (s *socket) Dial(endpoint string) error             { return ErrClosed }
func (s *socket) Close(ctx context.Context) error        { return nil }

type Router struct{ socket }

func NewRouter(o Options, on func(from string, frames [][]byte)) *Router { return &Router{} }
func (r *Router) Send(to string, frames [][]byte) error                  { return ErrNoPeer }

type Dealer struct{ socket }

func NewDealer(o Options, on func(frames [][]byte)) *Dealer { return &Dealer{} }
func (d *Dealer) Send(frames [][]byte) error                { return ErrClosed }

type Pub struct{ socket }

func NewPub(o Options) *Pub               { return &Pub{} }
func NewXPub(o Options) *Pub              { return &Pub{} }
func (p *Pub) Send(frames [][]byte) error { return ErrClosed }

type Sub struct{ socket }

func NewSub(o Options, on func(frames [][]byte)) *Sub { return &Sub{} }
func (s *Sub) Subscribe(topic []byte)                 {}
func (s *Sub) Unsubscribe(topic []byte)               {}

type Rep struct{ socket }

func NewRep(o Options, on func(frames [][]byte) [][]byte) *Rep { return &Rep{} }
