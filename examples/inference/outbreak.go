package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/gradlogp/gradlogp/score/inference"
)

// The parameters.
const (
	spread   = iota // R, whom one infects on average where all are susceptible
	duration        // D, for how many days on average
	reported        // ρ, the share of infections that is reported
	parameters
)

var names = []string{"R", "D", "ρ"}

// prior is what is known before the outbreak.
var prior = inference.Uniform{Low: []float64{0.5, 1, 0.1}, High: []float64{5, 10, 1}}

// outbreak simulates a disease in a closed community. On each day each of I infectious
// people stays so with probability D/(1 + D), and each of S susceptible ones is infected by
// each of them with probability 1 − exp(−R/(D N)); an infection is reported with
// probability ρ,
//
//	J ~ Binomial(I, D/(1 + D)),   C ~ Binomial(S, 1 − exp(−R J/(D N))),   x ~ Binomial(C, ρ),
//	S ← S − C,   I ← J + C.
//
// What is observed are the reports x of every day. Nobody keeps a record unless there are
// least of them, and then Simulate fails.
type outbreak struct{ people, infectious, days, least int }

var village = outbreak{people: 100, infectious: 2, days: 42, least: 10}

// Simulate implements inference.Simulator.
func (o outbreak) Simulate(x, theta []float64, rng *rand.Rand) error {
	draw := func(n int, p float64) int {
		if n == 0 || p == 0 {
			return 0
		}
		return int(distuv.Binomial{N: float64(n), P: p, Src: rng}.Rand())
	}
	susceptible, infectious, sum := o.people-o.infectious, o.infectious, 0
	for day := range x {
		infectious = draw(infectious, theta[duration]/(1+theta[duration]))
		infected := draw(susceptible, -math.Expm1(-o.pressure(theta)*float64(infectious)))
		susceptible, infectious = susceptible-infected, infectious+infected
		reports := draw(infected, theta[reported])
		x[day] = float64(reports)
		sum += reports
	}
	if sum < o.least {
		return fmt.Errorf("no record: %d reports in %d days, want at least %d", sum, len(x), o.least)
	}
	return nil
}

// pressure is the −log of the probability that a susceptible person is spared for a day by
// an infectious one.
func (o outbreak) pressure(theta []float64) float64 {
	return theta[spread] / (theta[duration] * float64(o.people))
}
