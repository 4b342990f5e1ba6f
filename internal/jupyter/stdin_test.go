package jupyter

import (
	"testing"

	"github.com/go-logr/logr"
)

func TestOnlyTheAnswerToTheOpenQuestionIsTaken(t *testing.T) {
	t.Parallel()
	c := newConn(NewSession(nil), logr.Discard())
	message := func(msgType, from string, parent *Message) *Message {
		m, err := c.session.New(msgType, parent, InputReply{Value: "x"})
		if err != nil {
			t.Fatal(err)
		}
		m.Idents = [][]byte{[]byte(from)}
		return m
	}
	earlier, question := message("input_request", "me", nil), message("input_request", "me", nil)
	if why := c.takeAnswer(message("input_reply", "me", nil)); why != "no question is open" {
		t.Errorf("before a question: %q", why)
	}
	c.question, c.answers = question, make(chan *Message, 1)
	for _, test := range []struct {
		m    *Message
		want string
	}{
		{message("execute_request", "me", nil), "not an input_reply"},
		{message("input_reply", "you", question), "another front end was asked"},
		{message("input_reply", "me", earlier), "it answers an earlier question"},
		{message("input_reply", "me", question), ""},
		{message("input_reply", "me", nil), "the question was answered before"},
	} {
		if why := c.takeAnswer(test.m); why != test.want {
			t.Errorf("%s: %q, want %q", test.m.Header.MsgType, why, test.want)
		}
	}
}
