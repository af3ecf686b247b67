package score

import "gonum.org/v1/gonum/mat"

// bundle is the number of directions whose derivatives one program computes.
const bundle = 8

// JVPs is JVP for every pair of v and jv.
func (m *Model) JVPs(dst *mat.Dense, jv []*mat.Dense, x *mat.Dense, v []*mat.Dense, t []float64) {
	m.jvpsGiven(dst, jv, x, v, t, nil)
}

// JVPs is JVP for every pair of v and jv.
func (c *Conditional) JVPs(dst *mat.Dense, jv []*mat.Dense, x *mat.Dense, v []*mat.Dense, t []float64) {
	c.m.jvpsGiven(dst, jv, x, v, t, c.check(x))
}

// jvpsGiven takes the directions in bundles and the last few one by one.
func (m *Model) jvpsGiven(dst *mat.Dense, jv []*mat.Dense, x *mat.Dense, v []*mat.Dense, t, cond []float64) {
	if len(jv) != len(v) {
		panic(badShape)
	}
	for len(v) >= bundle {
		m.check(dst, x, t)
		for k := range bundle {
			m.check(jv[k], x, t)
			m.check(v[k], x, t)
		}
		c := m.coefficients(t)
		m.eval.jvps(dst, jv[:bundle], x, v[:bundle], place{c, m.given(cond)})
		m.release(c)
		jv, v = jv[bundle:], v[bundle:]
	}
	for k := range v {
		m.jvpGiven(dst, jv[k], x, v[k], t, cond)
	}
}

func (e *engine[T]) jvps(dst *mat.Dense, jv []*mat.Dense, x *mat.Dense, v []*mat.Dense, at place) {
	f := e.form(bundleForm, at)
	n := x.RawMatrix().Rows
	b := f.take(1 + bundle)
	b.set(x, at)
	first := f.inputs - bundle
	b.out[0] = resize(b.out[0], n*e.m.dim)
	for k := range bundle {
		b.in[first+k] = toRows(b.in[first+k], v[k])
		b.out[1+k] = resize(b.out[1+k], n*e.m.dim)
	}
	f.run(n, b)
	fromRows(dst, b.out[0])
	for k := range bundle {
		fromRows(jv[k], b.out[1+k])
	}
	f.give(b)
}
