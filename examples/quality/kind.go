package main

import (
	"fmt"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/score"
	"github.com/gradlogp/gradlogp/sde"
)

// kind is what the network gives.
type kind struct {
	name    string
	energy  bool
	precond score.Precond
	process sde.SDE
}

// kinds are those of -kind. A velocity is told the time itself, and is for processes where
// that is at most 1.
func kinds() []kind {
	return []kind{
		{name: ""},
		{name: "energy", energy: true},
		{name: "epsilon", precond: score.Epsilon{}},
		{name: "velocity", precond: score.Velocity{}, process: sde.Linear{}},
	}
}

// of returns a network of this kind.
func (k kind) of(net nn.MLP) nn.Module {
	if !k.energy {
		return net
	}
	net.Out = 1
	return nn.Energy{Net: net}
}

// chooseKind finds the kind of a name.
func (j *job) chooseKind(name string) error {
	for _, k := range kinds() {
		if k.name == name {
			j.kind = k
			return nil
		}
	}
	return fmt.Errorf("-kind: there is no %q, want energy, epsilon, velocity, or nothing for the default", name)
}
