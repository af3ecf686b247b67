package score

import "gonum.org/v1/gonum/mat"

// bundle is the number of directions whose derivatives one program computes.
const bundle = 8

func (e *engine[T]) jvps(dst *mat.Dense, jv []*mat.Dense, x *mat.Dense, v []*mat.Dense, at place) {
	f := e.form(bundleForm, at)
	n := x.RawMatrix().Rows
	b := f.take(1 + bundle)
	b.set(e.m.cond, x, at)
	first := f.inputs - bundle
	b.out[0] = resize(b.out[0], n*e.m.dim)
	for k := range bundle {
		b.in[first+k] = toRows(b.in[first+k], v[k])
		b.out[1+k] = resize(b.out[1+k], n*e.m.dim)
	}
	f.run(n, b, at.alone)
	fromRows(dst, b.out[0])
	for k := range bundle {
		fromRows(jv[k], b.out[1+k])
	}
	f.idle.Give(b)
}
