package parallel

import "context"

// PxOptions are the options of the %%px magic.
type PxOptions struct {
	// Targets selects engines by position in the list of ids: "all", "0", "-1", "0:2", "::2", "[0,2]", "0,2". Default: "all".
	Targets string
	// NoBlock returns at once; the result is shown when the returned AsyncResult is.
	NoBlock bool
	// Client is used instead of the process's own connection to the default cluster. Default: nil.
	Client Client
}

// Px executes code on engines, as the %%px magic does. Output is relayed as it comes, labelled by engine, and results
// are shown per engine by the returned value's Show.
func Px(ctx context.Context, o PxOptions, code string) (*AsyncResult, error) {
	return nil, ErrNoCluster
}
