package main

import (
	"fmt"
	"time"
)

func main() {
	a, b := make(chan int, 1), make(chan string, 1)
	var n chan int
	select {
	case v := <-a:
		fmt.Println(v)
	default:
		fmt.Println("none")
	}
	a <- 1
	select {
	case v, ok := <-a:
		fmt.Println(v, ok)
	case <-n:
	}
	select {
	case b <- "x":
		fmt.Println("sent")
	case <-a:
	}
	select {
	case b <- "y":
	default:
		fmt.Println("full")
	}
	select {
	case s := <-b:
		fmt.Println(s)
	case <-time.After(time.Minute):
	}
	done := make(chan struct{})
	close(done)
	for i := 0; i < 2; i++ {
		select {
		case <-done:
			fmt.Println("done")
			break
		}
	}
}
