package kernel

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"

	"github.com/gopar-project/gopar/display"
)

// clusterOptions are those of gopar cluster that are of use in a notebook. They
// are passed on as they are.
var clusterOptions = []option{
	{long: "id", value: true, help: "the cluster; default: the profile's default cluster, or the only one that runs"},
	{long: "profile", value: true, help: "the IPython profile that holds the cluster's files"},
	{short: 'n', long: "engines", value: true, help: "start: number of engines; default: one per core"},
	{long: "engine", value: true, help: "restart, signal, stop: one engine process, by its TASK number"},
	{long: "lines", value: true, help: "logs: lines of each log"},
	{long: "all", help: "stop, clean: all clusters of all profiles"},
}

// clusterCommands are the subcommands of gopar cluster, and whether one prints a
// table.
var clusterCommands = map[string]bool{
	"list": true, "status": true, "engines": true,
	"start": false, "logs": false, "scale": false, "restart": false, "signal": false, "stop": false, "clean": false,
}

// clusterLine is %cluster: the cluster subcommand of the gopar binary. The
// kernel itself knows no clusters.
func clusterLine(i *invocation) error {
	var args []string
	for rest := i.args; rest != ""; {
		var word string
		word, rest = cutWord(rest)
		args = append(args, unquote(word))
	}
	if len(args) == 0 {
		args = []string{"list"}
	}
	table, ok := clusterCommands[args[0]]
	if !ok {
		return i.errorf("%%cluster %s is not known", args[0])
	}
	i.plan.do(func(ctx context.Context, k *Kernel, e *execution) Outcome {
		exe := k.config.Exe
		if exe == "" {
			var err error
			if exe, err = os.Executable(); err != nil {
				return commandOutcome(err)
			}
		}
		cmd := exec.Command(exe, append([]string{"cluster"}, args...)...)
		if !table || slices.Contains(args, "--json") || slices.Contains(args, "--help") {
			return commandOutcome(k.command(ctx, e, cmd))
		}
		cmd.Args = append(cmd.Args, "--bundle")
		out := boundedBuffer{}
		cmd.Stdout = &out
		if err := k.command(ctx, e, cmd); err != nil {
			return commandOutcome(err)
		}
		var bundle map[string]string
		if err := json.Unmarshal(out.Bytes(), &bundle); err != nil {
			return commandOutcome(fmt.Errorf("what gopar cluster %s prints: %w", args[0], err))
		}
		value := display.Bundle{}
		for mime, text := range bundle {
			value[mime] = text
		}
		return Outcome{Value: value}
	})
	return nil
}

// maxTable bounds the output that becomes a table: 100,000 engines.
const maxTable = 64 << 20

// boundedBuffer is a buffer that refuses more than maxTable bytes.
type boundedBuffer struct{ bytes.Buffer }

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxTable {
		return 0, fmt.Errorf("more than %d bytes", maxTable)
	}
	return b.Buffer.Write(p)
}
