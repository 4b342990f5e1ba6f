package main

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
)

func main() {
	h := sha256.Sum256([]byte("abc"))
	fmt.Println(hex.EncodeToString(h[:4]), base64.StdEncoding.EncodeToString([]byte("hello")), crc32.ChecksumIEEE([]byte("x")))
	b, err := base64.StdEncoding.DecodeString("aGk=")
	fmt.Println(string(b), err)
	_, err = hex.DecodeString("zz")
	fmt.Println(err)
	buf := make([]byte, 4)
	binary.LittleEndian.PutUint32(buf, 0x01020304)
	fmt.Println(buf, binary.BigEndian.Uint16(buf))
	fmt.Printf("%x\n", md5.Sum(nil))
}
