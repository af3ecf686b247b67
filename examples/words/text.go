package main

import (
	"bytes"
	"compress/gzip"
	_ "embed" // of the text
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
)

// symbols are what the text is made of; # stands for any number. The index of a symbol is
// its label.
const symbols = " abcdefghijklmnopqrstuvwxyz,.;'#"

const kinds = len(symbols)

//go:embed opticks.txt.gz
var textFile []byte

// read returns the labels of the whole text.
func read() ([]uint8, error) {
	r, err := gzip.NewReader(bytes.NewReader(textFile))
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return encode(strings.TrimSpace(string(raw)))
}

// encode returns the labels of a string.
func encode(s string) ([]uint8, error) {
	labels := make([]uint8, len(s))
	for i := range len(s) {
		k := strings.IndexByte(symbols, s[i])
		if k < 0 {
			return nil, fmt.Errorf("byte %d is %q, want one of %q", i, s[i], symbols)
		}
		labels[i] = uint8(k)
	}
	return labels, nil
}

// decode returns the string of labels.
func decode(labels []uint8) string {
	s := make([]byte, len(labels))
	for i, k := range labels {
		s[i] = symbols[k]
	}
	return string(s)
}

// corpus is parts of a text, none of which goes on in the next.
type corpus [][]uint8

// block is how many symbols are held out in one piece.
const block = 4000

// split returns two parts of a text: every tenth block, at random, is held out, and the
// blocks between those belong together.
func split(text []uint8, seed uint64) (train, test corpus) {
	n := (len(text) + block - 1) / block
	held := make([]bool, n+1)
	for _, i := range rand.New(rand.NewPCG(seed, 1)).Perm(n)[:n/10] {
		held[i] = true
	}
	for from := 0; from < n; {
		to := from + 1
		for to < n && held[to] == held[from] && !held[from] {
			to++
		}
		part := text[from*block : min(to*block, len(text))]
		if held[from] {
			test = append(test, part)
		} else {
			train = append(train, part)
		}
		from = to
	}
	return train, test
}

// len returns the number of symbols.
func (c corpus) len() (n int) {
	for _, part := range c {
		n += len(part)
	}
	return n
}

// draw returns so many symbols from a random place.
func (c corpus) draw(window int, rng *rand.Rand) []uint8 {
	for {
		k := rng.IntN(c.len())
		for _, part := range c {
			if k < len(part) {
				if k+window <= len(part) {
					return part[k : k+window]
				}
				break // too near to the end: try again
			}
			k -= len(part)
		}
	}
}

// windows draws n windows.
func (c corpus) windows(n, window int, rng *rand.Rand) [][]uint8 {
	w := make([][]uint8, n)
	for i := range w {
		w[i] = c.draw(window, rng)
	}
	return w
}
