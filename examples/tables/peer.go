package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"

	"github.com/gradlogp/gradlogp/dataset/table"
)

// peer is another program that has filled the same holes: by method and task the
// draws of each hole, in the order of rows, then columns.
type peer struct {
	Name    string                            `json:"name"`
	Methods map[string]map[string][][]float64 `json:"methods"`
	Seconds map[string]map[string]float64     `json:"seconds"`
}

func readPeer(path string) (*peer, error) {
	p := &peer{}
	if path == "" {
		return p, nil
	}
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, p)
	}
	if err != nil {
		return nil, fmt.Errorf("-peer %s: %w", path, err)
	}
	return p, nil
}

// print scores the peer's fillings of the tasks that it has.
func (p *peer) print(stdout io.Writer, tasks []task) error {
	for _, method := range slices.Sorted(maps.Keys(p.Methods)) {
		var all []imputed
		for _, k := range tasks {
			draws, ok := p.Methods[method][k.name]
			if !ok {
				continue
			}
			if len(draws) != len(k.hidden) {
				return fmt.Errorf("%s of %q has %d holes, want %d", method, k.name, len(draws), len(k.hidden))
			}
			for i, d := range draws {
				if len(d) == 0 || len(d) != len(draws[0]) {
					return fmt.Errorf("%s of %q has %d draws of hole %d, want as many as of the others", method, k.name, len(d), i)
				}
			}
			v := scoreDraws(k.train, k.truth, k.hidden, draws, k.seed)
			v.seconds = math.NaN()
			if s, ok := p.Seconds[method][k.name]; ok {
				v.seconds = s
			}
			all = append(all, v)
		}
		if len(all) > 0 {
			fmt.Fprintln(stdout, imputeLine(method, all), "", p.Name)
		}
	}
	return nil
}

// export writes the tasks for a peer: cells as numbers, row by row, null where one is
// missing, and for every column the number of its labels, 0 for numbers.
func export(path string, tasks []task, draws int) error {
	type exported struct {
		Labels []int        `json:"labels"`
		Train  [][]*float64 `json:"train"`
		Holes  [][]*float64 `json:"holes"`
		Hidden [][2]int     `json:"hidden"` // row, column
	}
	all := struct {
		Draws int                 `json:"draws"`
		Tasks map[string]exported `json:"tasks"`
	}{draws, map[string]exported{}}
	for _, k := range tasks {
		e := exported{Train: nullable(k.train), Holes: nullable(k.holes)}
		for _, f := range k.train.Fields {
			labels := 0
			if f.Kind.Discrete() {
				labels = len(f.Levels)
			}
			e.Labels = append(e.Labels, labels)
		}
		for _, h := range k.hidden {
			e.Hidden = append(e.Hidden, [2]int{h.row, h.column})
		}
		all.Tasks[k.name] = e
	}
	data, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

func nullable(t *table.Table) [][]*float64 {
	rows := make([][]*float64, t.Len())
	for i := range rows {
		for _, c := range t.Columns {
			var v *float64
			if !math.IsNaN(c[i]) {
				v = &c[i]
			}
			rows[i] = append(rows[i], v)
		}
	}
	return rows
}
