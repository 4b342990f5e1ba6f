package zmtp

// Backlog returns the bytes that wait for the network.
func (r *Router) Backlog() int64 { return r.backlog() }
