package main

import (
	"math"
	"math/big"
)

// trigLimit bounds the x for which three parts of π/2 suffice.
const trigLimit = 0x1p17

// sin r = r + r³ s(r²) and cos r = 1 − r²/2 + r⁴ c(r²) for |r| ≤ π/4.
var (
	sinFit = fit(func(z float64) float64 {
		r := math.Sqrt(z)
		return (math.Sin(r) - r) / (z * r)
	}, 0, math.Pi*math.Pi/16, 3)
	cosFit = fit(func(z float64) float64 {
		return (math.Cos(math.Sqrt(z)) - 1 + z/2) / (z * z)
	}, 0, math.Pi*math.Pi/16, 2)
)

// quarterParts returns π/2 as a sum of three float32.
func quarterParts() (parts [3]float64) {
	rest, ok := new(big.Float).SetPrec(200).SetString("1.57079632679489661923132169163975144209858469968755291")
	if !ok {
		panic("gen: π/2")
	}
	for i := range parts {
		part, _ := rest.Float32()
		parts[i] = float64(part)
		rest.Sub(rest, big.NewFloat(parts[i]))
	}
	return parts
}

func unarySin(v vector, x, _ vec) vec { return v.sine(x, 0) }
func unaryCos(v vector, x, _ vec) vec { return v.sine(x, 1) }

// sine returns sin(x + quarters π/2).
func (v vector) sine(x vec, quarters float64) vec {
	// x = qπ/2 + r; the low bits of turn are q + quarters.
	const round = 0x1.8p23
	turn := v.set(2 / math.Pi)
	turn = v.horner(turn, x, v.number(round))
	q := v.sub(turn, v.number(round))
	if quarters != 0 {
		turn = v.add(turn, v.number(quarters))
	}
	r := v.copy(x)
	for _, part := range quarterParts() {
		v.deduct(r, q, v.number(part))
	}
	z := v.mul(r, r)
	fourth := v.mul(z, z)
	s := v.mul(v.polynomial(z, fourth, sinFit), v.mul(z, r))
	s = v.add(s, r)
	c := v.polynomial(z, fourth, append([]float64{1, -0.5}, cosFit...))
	y := v.chooseBySign(v.shiftLeft(turn, 31), c, s)
	return v.xor(y, v.and(v.shiftLeft(turn, 30), v.signBit()))
}
