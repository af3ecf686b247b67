// Package calibration tests whether posteriors learned from simulations are right.
package calibration
