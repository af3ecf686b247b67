package main

import (
	"bytes"
	"fmt"
	"index/suffixarray"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"text/tabwriter"

	"gonum.org/v1/gonum/stat"
)

// judge knows the text that was learned, and compares windows with it.
type judge struct {
	*ngram
	words map[string]bool
	text  *suffixarray.Index
}

// order is how many symbols an n-gram has.
const order = 6

func judgeOf(train corpus) *judge {
	j := &judge{ngram: learnNgram(train, order), words: map[string]bool{}}
	var all []byte
	for _, part := range train {
		s := decode(part)
		for _, w := range wholeWords(s) {
			j.words[w] = true
		}
		all = append(append(all, s...), '\n')
	}
	j.text = suffixarray.New(all)
	return j
}

// row is windows of one kind.
type row struct {
	name    string
	windows [][]uint8
}

// shown is how many windows of each kind are printed.
const shown = 12

// report prints a table, and samples.
func (j *judge) report(w io.Writer, rows []row) error {
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\tbits a symbol, by n-grams\tknown words\tdistinct 4-grams\tlongest copied run")
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%v\t%v\t%.3f\t%.1f\n", r.name, j.bits(r.windows), j.known(r.windows), distinct(r.windows, 4), j.copied(r.windows))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, r := range rows {
		fmt.Fprintf(w, "\n%s\n", r.name)
		for _, labels := range r.windows[:shown] {
			fmt.Fprintf(w, "  |%s|\n", decode(labels))
		}
	}
	return nil
}

// estimate is a mean over windows with its standard error.
type estimate struct{ mean, err float64 }

func (e estimate) String() string { return fmt.Sprintf("%.3f ± %.3f", e.mean, e.err) }

// average returns the mean of numbers of which each belongs to a window.
func average(v []float64) estimate {
	mean, deviation := stat.MeanStdDev(v, nil)
	return estimate{mean, deviation / math.Sqrt(float64(len(v)))}
}

// bits returns the mean of −log₂ p over the labels of windows, each by itself.
func (g *ngram) bits(w [][]uint8) estimate {
	p, each := make([]float64, kinds), make([]float64, len(w))
	for i, labels := range w {
		for t, k := range labels {
			g.next(p, labels[:t])
			each[i] -= math.Log2(p[k]) / float64(len(labels))
		}
	}
	return average(each)
}

// wholeWords returns what stands between spaces, without punctuation and numbers. The
// first and the last may be parts of words, and are left out.
func wholeWords(s string) (words []string) {
	parts := strings.Split(s, " ")
	for _, w := range parts[1:max(1, len(parts)-1)] {
		if w = strings.Trim(w, ",.;'#"); w != "" {
			words = append(words, w)
		}
	}
	return words
}

// share is a part of a number of things.
type share struct{ part, of int }

func (s share) String() string {
	if s.of == 0 {
		return "none"
	}
	return fmt.Sprintf("%.3f of %d", float64(s.part)/float64(s.of), s.of)
}

// known returns how many of the whole words the learned text has.
func (j *judge) known(w [][]uint8) (s share) {
	for _, labels := range w {
		for _, word := range wholeWords(decode(labels)) {
			s.of++
			if j.words[word] {
				s.part++
			}
		}
	}
	return s
}

// copied returns the mean, over windows, of the length of the longest run that stands in
// the learned text.
func (j *judge) copied(w [][]uint8) float64 {
	sum := 0
	for _, labels := range w {
		s, longest := []byte(decode(labels)), 0
		for i := range s {
			for i+longest < len(s) && j.text.Lookup(s[i:i+longest+1], 1) != nil {
				longest++
			}
		}
		sum += longest
	}
	return float64(sum) / float64(len(w))
}

// distinct returns the share of different runs of n symbols among all in the windows.
func distinct(w [][]uint8, n int) float64 {
	seen, all := map[string]bool{}, 0
	for _, labels := range w {
		for i := range len(labels) - n + 1 {
			seen[string(labels[i:i+n])] = true
			all++
		}
	}
	return float64(len(seen)) / float64(max(all, 1))
}

// shuffled returns windows with their symbols in random order.
func shuffled(w [][]uint8, rng *rand.Rand) [][]uint8 {
	s := make([][]uint8, len(w))
	for i, labels := range w {
		s[i] = bytes.Clone(labels)
		rng.Shuffle(len(s[i]), func(a, b int) { s[i][a], s[i][b] = s[i][b], s[i][a] })
	}
	return s
}

// reordered returns windows with what is between their spaces in random order.
func reordered(w [][]uint8, rng *rand.Rand) [][]uint8 {
	s := make([][]uint8, len(w))
	for i, labels := range w {
		parts := bytes.Split(labels, []byte{0})
		rng.Shuffle(len(parts), func(a, b int) { parts[a], parts[b] = parts[b], parts[a] })
		s[i] = bytes.Join(parts, []byte{0})
	}
	return s
}
