package ad

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/gradlogp/gradlogp/nn/internal/kernel"
)

// Compile translates the expressions out into a program whose Run takes the
// leaves in, in that order; leaves that nothing depends on may be listed.
//
// Compile panics with the reason when an input is missing or listed twice, or
// when a per-row value depends on a sum over the rows of the same program.
func Compile[T Float](out, in []*Expr) *Program[T] { return CompileOver[T](out, in, nil) }

// CompileOver is Compile for sums over directions. The direction is a leaf made
// by UniformInput, which is not among in: it is each unit vector in turn, and
// an output that depends on it is the sum of its values, each of which has to
// be of each row. What does not depend on it is computed once. With v the
// direction,
//
//	SumCols(Mul(v, JVP(s, x, v)))
//
// is the divergence of s, whatever the number of columns, by one evaluation of
// s and as many of its tangent as there are columns.
func CompileOver[T Float](out, in []*Expr, direction *Expr) *Program[T] {
	return compile[T](out, in, direction, 0)
}

// compile is CompileOver, with wide products of bfloat16 in an order that is not 0.
func compile[T Float](out, in []*Expr, direction *Expr, order BFloat16) *Program[T] {
	mustBeInputs(in)
	g := number(out) // values become nodes: simplified, and equal ones are one
	g.direction, g.half = direction, order > 0
	g.schedule() // in the order of execution; what no output needs is pruned
	g.hoist()    // once per Run what does not depend on the rows, for each direction what does on it
	g.fuse()     // products and functions that are one instruction
	g.elide()    // one-hots whose labels are enough
	g.place(in)  // lifetimes, hence one arena for each worker
	g.lower()    // instructions
	verify(g.phases[body], g.phases[turns], g.layout.arena)
	p := assemble[T](g, out, in)
	p.half, p.order = g.half, kernel.Order(order-BFloat16Tiles)
	return p
}

// mustBeInputs panics unless all of in are different leaves given to Run.
func mustBeInputs(in []*Expr) {
	for i, e := range in {
		if e.op != opInput {
			panic(fmt.Sprintf("ad: Compile: input %d is %s, want an Input or UniformInput", i, e.describe()))
		}
		if slices.Contains(in[:i], e) {
			panic(fmt.Sprintf("ad: Compile: input %d, %s, is listed twice", i, e.describe()))
		}
	}
}

// assemble makes the program of a finished graph.
func assemble[T Float](g *graph, out, in []*Expr) *Program[T] {
	p := &Program[T]{
		in: slices.Clone(in), out: slices.Clone(out), nodes: len(g.nodes),
		phases: g.phases, layout: g.layout, packings: g.packings, plain: g.plain, pieces: g.pieces, segments: segmentsOf(&g.phases),
	}
	if g.direction != nil {
		p.directions = g.direction.cols
	}
	for _, c := range g.layout.constant {
		p.constant = append(p.constant, T(c))
	}
	largest := 0 // weight matrix
	p.groups = 1
	for _, n := range g.nodes {
		p.groups = max(p.groups, n.Groups())
		switch n.op {
		case opParam:
			largest = max(largest, n.rows*n.cols)
			p.params = max(p.params, n.index+n.rows*n.cols)
		case opRandom:
			p.randomCols = max(p.randomCols, n.cols)
		}
	}
	p.wide = largest*sizeof[T]() >= wideBytes
	p.blockRows = rowsPerBlock(largest*sizeof[T](), g.layout.arena*sizeof[T](), p.groups)
	p.space, p.sums, p.work = halfSpace(&p.phases, p.blockRows), sumSpace[T](&p.phases), p.workOf()
	return p
}

// wideBytes is the size of a weight matrix from which sharing a block is worth
// the waiting.
const wideBytes = 256 << 10

// rowsPerBlock is part of the numerical specification: sums over rows are
// formed block by block. It depends on shapes only. What is counted is samples.
func rowsPerBlock(weightBytes, rowBytes, groups int) int {
	if groups > 1 {
		return samplesPerBlock(rowBytes, groups)
	}
	rows := 64
	if weightBytes > 256<<10 {
		rows = 128
	}
	for rows > 16 && rowBytes > 8<<20/rows {
		rows /= 2
	}
	return rows
}

// samplesPerBlock is rowsPerBlock for samples of several rows: enough for what has a
// row a sample, and to pass seldom over weights, but not many times what a cache holds.
func samplesPerBlock(sampleBytes, groups int) int {
	rows, least := 64, 2
	if sampleBytes > 8<<20 {
		least = 1
	}
	for rows > least && (rows*groups >= 1<<10 || sampleBytes > 5<<20/rows) {
		rows /= 2
	}
	return rows
}

// laneCount is the number of partial sums that are added in a fixed tree, also
// a function of shapes only: blocks of rows, and elements in the sums. More than
// a few million bytes of lanes would push weights and rows out of the cache. That is
// little beside samples of many rows, and each lane may be a worker's.
func laneCount(blocks, elements, groups int) int {
	room := 1 << 20
	if groups > 1 {
		room = 1 << 22
	}
	most := max(2, min(16, room/max(elements, 1)))
	lanes := 1
	for lanes*2 <= min(blocks, most) {
		lanes *= 2
	}
	return lanes
}

func sizeof[T Float]() int {
	var x T
	return int(unsafe.Sizeof(x))
}
