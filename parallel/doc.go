// Package parallel drives a cluster of Go engines: it calls functions on them, runs code, moves data, and balances work.
// It is what a gopar notebook uses, and it works the same in an ordinary Go program.
//
//	rc := parallel.MustConnect()
//	rc[0].Apply(mul, 5, 6)                 // on one engine
//	rc[:].Apply(mul, 5, 6)                 // on all
//	view := rc.LoadBalancedView()
//	view.Map(mul, []int{1, 2}, []int{3, 4}) // wherever there is room
//
// A [Client] is a slice of engines, so indexing, slicing, len and range are plain Go. Everything that runs remotely returns
// an [*AsyncResult] at once; [AsyncResult.Get], [Get] and [All] wait for it, and a notebook cell that ends in one waits for
// it with a progress bar and shows its values.
//
// # What travels
//
// Functions travel by themselves: a cell's function with its unit, a compiled program's with the program (see [Init]).
// Values travel by value with their types, unexported fields too. Session variables that a cell's function reads travel
// with the call; captured variables too. Channels, locks, open files and contexts are refused with the path to them; a
// function whose first parameter is a context.Context is given one by the engine. Large slices are sent from where they
// are: do not change them until the result is there, as with a value that was given to a goroutine.
//
// # Errors
//
// What went wrong remotely is a [*RemoteError] with the engine and the position; errors.Is and errors.As see the error that
// the function returned. Several of them are [*TaskErrors]. Misuse, such as arguments that do not fit the function, is an
// error of the result, found before anything is sent.
//
// # Invariants
//
//   - Every task that was sent is finished exactly once: by its reply, by its engine's end, or by the hub's.
//   - All methods may be called concurrently.
//   - Nothing blocks unless its documentation says so; what blocks ends when the cell is interrupted.
//
// Lock order: AsyncResult.mu, then link.mu; neither is held while something is sent or shown.
package parallel
