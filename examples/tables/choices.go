package main

import (
	"github.com/gradlogp/gradlogp/dataset/table"
)

// choice is how a table is coded and decoded, the zero value as the library does it.
type choice struct {
	labels, numbers table.Coding // of all columns of the kind
	levels          table.LevelOrder
	unmatched       bool // decoded without Match
}

// choices are gradlogp with one choice of the codec made otherwise.
var choices = []method{
	{"default", coded(choice{}, network(false))},
	{"unmatched", coded(choice{unmatched: true}, network(false))},
	{"one-hot", coded(choice{labels: table.OneHot}, network(false))},
	{"by frequency", coded(choice{levels: table.Frequent}, network(false))},
	{"standard", coded(choice{numbers: table.Standard}, network(false))},
	{"log", coded(choice{numbers: table.Log}, network(false))},
	{"quantile", coded(choice{numbers: table.Quantile}, network(false))},
}

// codec returns the codec of a table by the choice.
func (c choice) codec(t *table.Table) (*table.Codec, error) {
	s := &table.CodecSettings{Codings: map[string]table.Coding{}, Levels: c.levels}
	for _, f := range t.Fields {
		s.Codings[f.Name] = c.numbers
		if f.Kind.Discrete() {
			s.Codings[f.Name] = c.labels
		}
	}
	return table.NewCodec(t, s)
}
