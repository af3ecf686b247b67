package kernel

import "math"

func sigmoid(x float64) float64 {
	s, _ := logistic(x)
	return s
}

// Beyond far the activations with exponential tails are their limits, which
// their formulas miss where an infinity meets a zero. What is lost is less
// than 1e-300.
const far = 700

func silu(x float64) float64 {
	switch {
	case x > far:
		return x
	case x < -far:
		return 0
	}
	return x * sigmoid(x)
}

func silu1(x float64) float64 {
	switch {
	case x > far:
		return 1
	case x < -far:
		return 0
	}
	s, c := logistic(x)
	return s * (1 + float64(x*c))
}

func silu2(x float64) float64 {
	if math.Abs(x) > far {
		return 0
	}
	s, c := logistic(x)
	return float64(s*c) * (2 + float64(x*(c-s)))
}

func gelu(x float64) float64 {
	switch {
	case x > far:
		return x
	case x < -far:
		return 0
	}
	cdf, _ := normal(x)
	return x * cdf
}

func gelu1(x float64) float64 {
	cdf, density := normal(x)
	if density == 0 {
		return cdf
	}
	return cdf + float64(x*density)
}

func gelu2(x float64) float64 {
	_, density := normal(x)
	if density == 0 {
		return 0
	}
	return density * (2 - float64(x*x))
}

// The approximation of GELU is x S(v), v = 2√(2/π) (x + 0.044715x³).
const (
	gate1 = 2 * math.Sqrt2 / math.SqrtPi
	gate3 = gate1 * 0.044715
	// gateFar is where v is about far.
	gateFar = 21
)

func gate(x float64) float64 { return x * (gate1 + float64(gate3*float64(x*x))) }

func geluTanh(x float64) float64 {
	switch {
	case x > gateFar:
		return x
	case x < -gateFar:
		return 0
	}
	return x * sigmoid(gate(x))
}

func geluTanh1(x float64) float64 {
	switch {
	case x > gateFar:
		return 1
	case x < -gateFar:
		return 0
	}
	s, c := logistic(gate(x))
	slope := gate1 + float64(3*gate3*float64(x*x))
	return s * (1 + float64(float64(x*c)*slope))
}

func geluTanh2(x float64) float64 {
	if math.Abs(x) > gateFar {
		return 0
	}
	s, c := logistic(gate(x))
	slope := gate1 + float64(3*gate3*float64(x*x))
	curve := float64(6 * gate3 * x)
	return float64(s*c) * (2*slope + float64(x*(float64((c-s)*float64(slope*slope))+curve)))
}
