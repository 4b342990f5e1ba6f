package kernel

import (
	"context"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// interrupt serves interrupt_request, the message form of SIGINT.
// https://jupyter-client.readthedocs.io/en/stable/messaging.html#kernel-interrupt
func (k *Kernel) interrupt(context.Context, *jupyter.Request, jupyter.InterruptRequest) (jupyter.OK, error) {
	k.Interrupt()
	return jupyter.OK{Status: jupyter.StatusOK}, nil
}
