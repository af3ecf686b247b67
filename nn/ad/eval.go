package ad

import (
	"fmt"
	"slices"
)

// Eval computes expressions the slow way, one value at a time in float64, for
// n samples: the reference that programs are tested against, without their
// kernels, storage and order of evaluation. leaves holds the Input and UniformInput leaves, theta the
// parameters, random the numbers of random leaves. Unlike a program, it has no
// objection to per-row values that depend on sums over rows. It panics when a
// leaf is missing or has the wrong length.
func Eval(out []*Expr, n int, theta []float64, random Filler, leaves map[*Expr][]float64) [][]float64 {
	value := make(map[*Expr][]float64)
	for _, e := range topological(out...) {
		value[e] = evalOne(e, n, theta, random, leaves, value)
	}
	results := make([][]float64, len(out))
	for i, e := range out {
		results[i] = value[e]
	}
	return results
}

func evalOne(e *Expr, n int, theta []float64, random Filler, leaves map[*Expr][]float64, value map[*Expr][]float64) []float64 {
	rows := rowsIn(e.rows, n)
	v := make([]float64, rows*e.cols)
	// get returns entry (r, j) of operand i, repeated where it spreads.
	get := func(i, r, j int) float64 {
		a := e.args[i]
		switch {
		case a.rows == 1:
			r = 0
		case a.rows == batch && e.rows < 0:
			r /= -e.rows
		}
		if a.cols == 1 {
			j = 0
		}
		return value[a][r*a.cols+j]
	}
	each := func(f func(r, j int) float64) {
		for r := range rows {
			for j := range e.cols {
				v[r*e.cols+j] = f(r, j)
			}
		}
	}
	contract := func(terms int, f func(r, j, k int) float64) {
		each(func(r, j int) float64 {
			s := 0.0
			for k := range terms {
				s += f(r, j, k)
			}
			return s
		})
	}
	switch e.op {
	case opInput:
		if len(leaves[e]) != len(v) {
			panic(fmt.Sprintf("ad: Eval: leaf %s has %d numbers, want %d", e.describe(), len(leaves[e]), len(v)))
		}
		return leaves[e]
	case opParam:
		if e.index+len(v) > len(theta) {
			panic(fmt.Sprintf("ad: Eval: parameter %s ends at %d of %d", e.describe(), e.index+len(v), len(theta)))
		}
		return theta[e.index : e.index+len(v)]
	case opRandom:
		for r := range rows {
			random(v[r*e.cols:(r+1)*e.cols], r, e.index)
		}
		for i, u := range v {
			v[i] = truncate(u)
		}
	case opConst:
		each(func(r, j int) float64 { return e.value })
	case opMatMul:
		contract(e.args[0].cols, func(r, j, k int) float64 { return get(0, r, k) * value[e.args[1]][k*e.cols+j] })
		if len(e.args) == 3 {
			for i := range v {
				v[i] += get(2, i/e.cols, i%e.cols)
			}
		}
	case opMatMulT:
		w := e.args[1]
		contract(w.cols, func(r, j, k int) float64 { return get(0, r, k) * value[w][j*w.cols+k] })
	case opMatTMul:
		contract(rowsIn(e.args[0].rows, n), func(i, j, r int) float64 {
			return value[e.args[0]][r*e.args[0].cols+i] * value[e.args[1]][r*e.args[1].cols+j]
		})
	case opAdd, opSub, opMul, opDiv:
		f := arithmeticOf(e.op)
		each(func(r, j int) float64 { return f(get(0, r, j), get(1, r, j)) })
	case opSumCols:
		contract(e.args[0].cols, func(r, _, k int) float64 { return get(0, r, k) })
	case opSumRows:
		contract(rowsIn(e.args[0].rows, n), func(_, j, r int) float64 { return get(0, r, j) })
	case opSpread:
		each(func(r, j int) float64 { return get(0, r, j) })
	case opConcat:
		at := 0
		for i, a := range e.args {
			for r := range rows {
				for j := range a.cols {
					v[r*e.cols+at+j] = get(i, r, j)
				}
			}
			at += a.cols
		}
	case opSlice:
		each(func(r, j int) float64 { return get(0, r, e.index+j) })
	case opOneHot:
		each(func(r, k int) float64 {
			if label := get(0, r, 0); float64(k)-0.5 < label && label <= float64(k)+0.5 {
				return 1
			}
			return 0
		})
	case opMaxCols:
		each(func(r, _ int) float64 { return slices.Max(value[e.args[0]][r*e.args[0].cols:][:e.args[0].cols]) })
	case opSoftmax:
		evalSoftmax(v, value[e.args[0]], e.cols)
	case opRMSNorm:
		each(func(r, j int) float64 {
			return get(0, r, j) * evalInverseRMS(value[e.args[0]][r*e.cols:][:e.cols], e.value)
		})
	case opInverseRMS:
		k := e.args[0].cols
		each(func(r, _ int) float64 { return evalInverseRMS(value[e.args[0]][r*k:][:k], e.value) })
	case opRegroup, opStop:
		return value[e.args[0]]
	case opSumGroups:
		g := e.args[0].Groups()
		contract(g, func(r, j, k int) float64 { return get(0, r*g+k, j) })
	case opGather, opScatter:
		evalTable(v, value[e.args[0]], e, n)
	case opRowMatMul, opRowMatMulT, opRowMatTMul:
		evalRowProduct(v, value[e.args[0]], value[e.args[1]], e, n)
	case opScale, opShift, opUnary:
		f := functionOf(e)
		each(func(r, j int) float64 { return f(get(0, r, j)) })
	}
	return v
}
