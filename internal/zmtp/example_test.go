package zmtp_test

import (
	"context"
	"fmt"

	"github.com/gopar-project/gopar/internal/zmtp"
)

func ExampleNewRouter() {
	var router *zmtp.Router
	router = zmtp.NewRouter(zmtp.Options{}, func(from string, frames [][]byte) {
		fmt.Printf("%s says %s\n", from, frames)
		if err := router.Send(from, [][]byte{[]byte("hello"), []byte(from)}); err != nil {
			fmt.Println(err)
		}
	})
	bound, err := router.Listen("tcp://127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	answered := make(chan struct{})
	dealer := zmtp.NewDealer(zmtp.Options{Identity: []byte("engine-7")}, func(frames [][]byte) {
		fmt.Printf("answer %s\n", frames)
		close(answered)
	})
	// Both calls return at once: the message waits for the connection.
	_ = dealer.Dial(bound)
	_ = dealer.Send([][]byte{[]byte("ready"), []byte("4 slots")})
	<-answered
	_ = dealer.Close(context.Background())
	_ = router.Close(context.Background())
	// Output:
	// engine-7 says [ready 4 slots]
	// answer [hello engine-7]
}

func ExampleNewXPub() {
	var pub *zmtp.Pub
	pub = zmtp.NewXPub(zmtp.Options{OnSubscribe: func(p *zmtp.Peer, topic []byte, on bool) {
		fmt.Printf("subscribed to %q: %v\n", topic, on)
		_ = p.Send([]byte("welcome")) // to this peer only
		_ = pub.Send([][]byte{[]byte("stream.stdout"), []byte("6 x 7 = 42")})
		_ = pub.Send([][]byte{[]byte("status"), []byte("nobody wants this")})
	}})
	bound, err := pub.Listen("tcp://127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	heard := make(chan [][]byte)
	sub := zmtp.NewSub(zmtp.Options{}, func(frames [][]byte) { heard <- frames })
	sub.Subscribe([]byte("stream."))
	_ = sub.Dial(bound)
	fmt.Printf("%s\n", <-heard)
	fmt.Printf("%s\n", <-heard)
	_ = sub.Close(context.Background())
	_ = pub.Close(context.Background())
	// Output:
	// subscribed to "stream.": true
	// [welcome]
	// [stream.stdout 6 x 7 = 42]
}
