package main

import "math"

func unaryReLU(v vector, x, _ vec) vec {
	return v.keep(v.compare(notLessEqual, x, v.zero()), x)
}

func unaryStep(v vector, x, _ vec) vec {
	return v.keep(v.compare(greater, x, v.zero()), v.source(1))
}

func unaryLeakyReLU(v vector, x, p vec) vec {
	return v.choose(v.compare(greater, x, v.zero()), x, v.mul(p, x))
}

func unaryLeakyReLU1(v vector, x, p vec) vec {
	return v.choose(v.compare(greater, x, v.zero()), v.source(1), p)
}

func unaryELU(v vector, x, p vec) vec {
	// e^−30 − 1 rounds to −1.
	m, _ := v.expm1(v.max(-30, x), 1)
	return v.choose(v.compare(greater, x, v.zero()), x, v.mul(m, p))
}

func unaryELU1(v vector, x, p vec) vec {
	return v.choose(v.compare(greater, x, v.zero()), v.source(1), v.scaledExp(x, p))
}

func unaryELU2(v vector, x, p vec) vec {
	return v.choose(v.compare(greater, x, v.zero()), v.zero(), v.scaledExp(x, p))
}

// scaledExp returns peˣ for x ≤ 0. eˣ is scaled up as it may be less than any
// normal number.
func (v vector) scaledExp(x, p vec) vec {
	const shift = 64
	e := v.exp(v.max(-sigmoidFar, x), false, shift)
	return v.mul(v.mul(e, p), v.number(math.Ldexp(1, -shift)))
}
