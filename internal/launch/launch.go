// Package launch runs the processes of a cluster on whatever a site has.
package launch
