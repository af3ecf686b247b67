package kernel

import "math"

// AdamStep holds the numbers of one step of Adam: the learning rate, the decay
// rates of the two moments, ε, the decoupled weight decay λ, and the bias
// corrections 1−β₁ᵗ and 1−β₂ᵗ of step t = 1, 2, …
type AdamStep struct {
	Rate, Beta1, Beta2, Eps, Decay, Correct1, Correct2 float64
}

// Adam makes one step of AdamW (Loshchilov & Hutter 2019), Adam (Kingma & Ba
// 2015) when the weight decay is zero:
//
//	θ ← θ(1−ηλ)
//	m ← m + (1−β₁)(g−m)
//	v ← β₂v + (1−β₂)g²
//	θ ← θ − η (m/c₁) / (√(v/c₂) + ε)
//
// with g as Bounded returns it.
func Adam[T Float](theta, m, v, grad []T, s AdamStep) {
	m, v, grad = m[:len(theta)], v[:len(theta)], grad[:len(theta)]
	k := numbersOf[T](s)
	if adamFast(theta, m, v, grad, &k) {
		return
	}
	for i, g := range grad {
		k.update(&theta[i], &m[i], &v[i], g)
	}
}

// AdamEMA is Adam followed by EMA(shadow, theta, decay), with the same bits,
// in one pass over memory.
func AdamEMA[T Float](theta, m, v, grad, shadow []T, s AdamStep, decay float64) {
	m, v, grad, shadow = m[:len(theta)], v[:len(theta)], grad[:len(theta)], shadow[:len(theta)]
	k := numbersOf[T](s)
	k.gain = T(1 - decay)
	if adamEMAFast(theta, m, v, grad, shadow, &k) {
		return
	}
	for i, g := range grad {
		k.update(&theta[i], &m[i], &v[i], g)
		shadow[i] += T(k.gain * (theta[i] - shadow[i]))
	}
}

// EMA moves the average: shadow ← shadow + (1−decay)(θ − shadow).
func EMA[T Float](shadow, theta []T, decay float64) {
	theta = theta[:len(shadow)]
	w := T(1 - decay)
	if emaFast(shadow, theta, w) {
		return
	}
	for i, v := range theta {
		shadow[i] += T(w * (v - shadow[i]))
	}
}

// Bounded returns the number nearest to g whose square is a quarter of what T holds
// or less: 2⁶³ in float32, 2⁵¹¹ in float64, or less, with the sign of g. An average
// of squares would not recover from an infinity. NaN remains.
func Bounded[T Float](g T) T {
	limit := 0x1p511
	if size[T]() == 4 {
		limit = 0x1p63
	}
	return max(-T(limit), min(T(limit), g))
}

// adamNumbers holds what Adam multiplies by and adds, and the gain of the
// moving average. Assembly knows the order.
type adamNumbers[T Float] struct {
	keep, gain1, beta2, gain2, rate, root, eps, gain T
}

func numbersOf[T Float](s AdamStep) adamNumbers[T] {
	return adamNumbers[T]{
		keep:  T(1 - float64(s.Rate*s.Decay)),
		gain1: T(1 - s.Beta1),
		beta2: T(s.Beta2),
		gain2: T(1 - s.Beta2),
		rate:  T(s.Rate / s.Correct1),
		root:  T(1 / math.Sqrt(s.Correct2)),
		eps:   T(s.Eps),
	}
}

func (k *adamNumbers[T]) update(theta, m, v *T, g T) {
	g = Bounded(g)
	*m += T(k.gain1 * (g - *m))
	*v = T(k.beta2**v) + T(k.gain2*T(g*g))
	*theta = T(*theta*k.keep) - T(k.rate**m)/(T(T(math.Sqrt(float64(*v)))*k.root)+k.eps)
}
