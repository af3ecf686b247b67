package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/gradlogp/gradlogp/dataset/table"
)

const header = "method            C2ST            pair %  KS      TV      TSTR    broken %  member  train s  draw s"

// compare prints the lines of a table: every method, and real rows.
func (j *job) compare(ctx context.Context, name string, t *table.Table, stdout, stderr io.Writer) error {
	laws := detect(t)
	for _, l := range j.stated {
		if l.fits(t) {
			laws = append(laws, l.measured(t))
		}
	}
	fmt.Fprintf(stdout, "\n%s: %d rows, %d columns\n", name, t.Len(), len(t.Fields))
	for _, l := range laws {
		fmt.Fprintln(stdout, "law:", l)
	}
	fmt.Fprintln(stdout, header)
	judges := make([]*judge, len(j.seeds))
	for i, seed := range j.seeds {
		train, held := j.split(t, seed)
		judges[i] = &judge{train, held, laws, seed}
	}
	for _, m := range j.named() {
		var all []scores
		for i, seed := range j.seeds {
			fmt.Fprintf(stderr, "%s, %s, seed %d\n", name, m.name, seed)
			s, err := j.run(ctx, m, judges[i], seed)
			if err != nil {
				return fmt.Errorf("%s, seed %d: %w", m.name, seed, err)
			}
			all = append(all, s)
			for _, note := range j.notes {
				fmt.Fprintln(stderr, note)
			}
			j.notes = nil
		}
		fmt.Fprintln(stdout, line(m.name, all))
	}
	var all []scores
	for _, g := range judges {
		s, err := g.real()
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	fmt.Fprintln(stdout, line("real", all))
	return nil
}

// run trains a method, draws as many rows as it was trained on, and measures them.
func (j *job) run(ctx context.Context, m method, g *judge, seed uint64) (scores, error) {
	start := time.Now()
	draw, err := m.fit(ctx, j, g.train, seed)
	if err != nil {
		return scores{}, err
	}
	trained := time.Now()
	drawn, err := draw(ctx, g.train.Len(), seed)
	if err != nil {
		return scores{}, err
	}
	drawing := time.Since(trained)
	s, err := g.measure(drawn)
	s.train, s.drawing = trained.Sub(start).Seconds(), drawing.Seconds()
	return s, err
}

// real returns the scores of rows that were learned from in the place of drawn ones,
// and for what asks whether rows were learned from, of rows that nothing has seen.
func (g *judge) real() (scores, error) {
	a, err := g.measure(shuffled(g.train, g.seed))
	if err != nil {
		return a, err
	}
	a.train, a.drawing = math.NaN(), math.NaN()
	// Half of the held-out rows as the drawn ones, the other half as the others.
	half, rest := g.held.Split(g.held.Len()/2, g.seed)
	fresh := &judge{g.train, rest, g.laws, g.seed}
	b, err := fresh.measure(half)
	a.member = b.member
	a.pair, a.ks, a.tv = marginals(cells(g.train), cells(g.held), labelled(g.train))
	return a, err
}

// line is a line of the table: the means over the seeds, and of the C2ST the standard
// error, over the seeds where there are several.
func line(name string, all []scores) string {
	mean := func(of func(scores) float64) float64 {
		v := make([]float64, len(all))
		for i, s := range all {
			v[i] = of(s)
		}
		return stat.Mean(v, nil)
	}
	c := make([]float64, len(all))
	for i, s := range all {
		c[i] = s.c2st
	}
	m, e := stat.Mean(c, nil), all[0].c2stErr
	if len(all) > 1 {
		e = stat.StdErr(stat.StdDev(c, nil), float64(len(all)))
	}
	return fmt.Sprintf("%-16s  %.4f ± %.4f  %-6s  %-6s  %-6s  %-6s  %-8s  %-6s  %-7s  %s", name, m, e,
		show("%.2f", 100*mean(func(s scores) float64 { return s.pair })),
		show("%.4f", mean(func(s scores) float64 { return s.ks })),
		show("%.4f", mean(func(s scores) float64 { return s.tv })),
		show("%.4f", mean(func(s scores) float64 { return s.utility })),
		show("%.2f", 100*mean(func(s scores) float64 { return s.broken })),
		show("%.3f", mean(func(s scores) float64 { return s.member })),
		show("%.1f", mean(func(s scores) float64 { return s.train })),
		show("%.1f", mean(func(s scores) float64 { return s.drawing })))
}

// show formats a number, and one that is not there as a dash.
func show(format string, v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf(format, v)
}

// shuffled returns the rows in random order.
func shuffled(t *table.Table, seed uint64) *table.Table {
	return t.Select(rand.New(rand.NewPCG(seed, 8)).Perm(t.Len()))
}
