package kernel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// flushTime is how long Run waits, at the end, for the last messages to go out
// and for the evaluator to close.
const flushTime = 2 * time.Second

// Run serves the front ends of the connection file until one of them asks for
// shutdown, ctx ends, SIGTERM comes, or the process that started this one is
// gone; then it closes everything, the evaluator, too, and returns. SIGINT
// interrupts the cell that runs. Ports of 0 in the file are chosen and written
// back.
//
// It takes over the process's SIGINT and SIGTERM while it runs.
func Run(ctx context.Context, connectionFile string, c Config) error {
	c.setDefaults()
	info, err := jupyter.ReadConnectionFile(connectionFile)
	if err != nil {
		return err
	}
	conn, err := jupyter.Listen(ctx, info, c.Log.WithName("jupyter"))
	if err != nil {
		return fmt.Errorf("kernel: %w", err)
	}
	if conn.Info() != info {
		if err := jupyter.WriteConnectionFile(connectionFile, conn.Info()); err != nil {
			return errors.Join(err, conn.Close(ctx))
		}
	}
	k := New(c)
	signals := make(chan os.Signal, 1) // one waiting interrupt is as good as many
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	if c.Listening != nil {
		c.Listening(conn.Info())
	}
	serving, stop := context.WithCancel(ctx)
	helpers := make(chan struct{}, 2)
	go func() { k.obey(serving, signals, stop); helpers <- struct{}{} }()
	go func() { watchParent(serving, stop); helpers <- struct{}{} }()
	err = k.Serve(serving, conn)
	if errors.Is(err, context.Canceled) && ctx.Err() == nil {
		err = nil // a signal, or the parent's end
	}
	stop()
	<-helpers
	<-helpers
	flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	// The sockets first: the front end waits for shutdown_reply, nobody for the
	// evaluator.
	return errors.Join(err, conn.Close(flush), c.Evaluator.Close(flush))
}

// obey interrupts on SIGINT and stops on SIGTERM until ctx ends.
func (k *Kernel) obey(ctx context.Context, signals <-chan os.Signal, stop context.CancelFunc) {
	for {
		select {
		case s := <-signals:
			if s != os.Interrupt {
				stop()
				return
			}
			k.Interrupt()
		case <-ctx.Done():
			return
		}
	}
}
