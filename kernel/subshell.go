package kernel

import (
	"context"

	"github.com/gopar-project/gopar/internal/jupyter"
)

// createSubshell serves create_subshell_request (JEP 91). A subshell answers
// while the main shell is busy; its cells still wait for the one that runs,
// because a session runs one cell at a time.
func (k *Kernel) createSubshell(context.Context, *jupyter.Request, jupyter.CreateSubshellRequest) (jupyter.CreateSubshellReply, error) {
	id, err := k.mux.AddSubshell()
	return jupyter.CreateSubshellReply{Status: jupyter.StatusOK, SubshellID: id}, err
}

// deleteSubshell serves delete_subshell_request.
func (k *Kernel) deleteSubshell(_ context.Context, _ *jupyter.Request, c jupyter.DeleteSubshellRequest) (jupyter.OK, error) {
	return jupyter.OK{Status: jupyter.StatusOK}, k.mux.RemoveSubshell(c.SubshellID)
}

// listSubshells serves list_subshell_request.
func (k *Kernel) listSubshells(context.Context, *jupyter.Request, jupyter.ListSubshellRequest) (jupyter.ListSubshellReply, error) {
	return jupyter.ListSubshellReply{Status: jupyter.StatusOK, SubshellID: k.mux.Subshells()}, nil
}
