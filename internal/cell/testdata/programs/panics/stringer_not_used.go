package main

type t struct{ n int }

func (t) Error() string { return "custom" }
func main()             { var e error = t{1}; panic(e) }
