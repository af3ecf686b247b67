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
func Adam[T Float](theta, m, v, grad []T, s AdamStep) {
	m, v, grad = m[:len(theta)], v[:len(theta)], grad[:len(theta)]
	keep := T(1 - float64(s.Rate*s.Decay))
	b1, b2, c2 := T(1-s.Beta1), T(s.Beta2), T(1-s.Beta2)
	rate := T(s.Rate / s.Correct1)
	root := T(1 / math.Sqrt(s.Correct2))
	eps := T(s.Eps)
	for i, g := range grad {
		mi := m[i] + T(b1*(g-m[i]))
		vi := T(b2*v[i]) + T(c2*T(g*g))
		m[i], v[i] = mi, vi
		theta[i] = T(theta[i]*keep) - T(rate*mi)/(T(T(math.Sqrt(float64(vi)))*root)+eps)
	}
}

// EMA moves the average: shadow ← shadow + (1−decay)(θ − shadow).
func EMA[T Float](shadow, theta []T, decay float64) {
	theta = theta[:len(shadow)]
	w := T(1 - decay)
	for i, v := range theta {
		shadow[i] += T(w * (v - shadow[i]))
	}
}
