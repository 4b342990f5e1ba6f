// Package jupyter speaks the Jupyter messaging protocol, version 5.5: what a
// message is, how it is signed and framed, which sockets a kernel has, and how
// a request finds its handler.
//
//   - [Message], [Header] and [Session]: one message, its envelope, and the key
//     and identity with which messages are made, signed and checked.
//   - [ConnectionInfo]: the connection file a front end hands to a kernel.
//   - [Conn]: the channels of one kernel, bound to ports ([Listen]) or dialed
//     to a hub ([Attach]).
//   - [Mux] and [On]: typed handlers in one table. The Mux owns busy and idle,
//     the reply on every path, and the order in which requests are served.
//
// It knows neither a language nor a cluster; packages kernel, engine and hub
// give it those.
//
// Invariants:
//
//   - Bytes from outside are measured before they are believed and the
//     signature is compared in constant time before any JSON is parsed.
//   - A message that does not pass is dropped and logged; it never ends the
//     process and never gets an answer.
//   - The header of a request travels back as the parent header of every
//     message it causes byte for byte as it came.
//   - Every request on shell and control gets busy and idle, with itself as
//     parent, whatever its handler does.
//
// Lock order: Mux.mu → Conn.mu → Session's internal locks; no lock is held
// while a handler runs or a socket is written.
package jupyter
