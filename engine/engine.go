// Package engine is the kernel dialing a hub.
package engine
