// Package figure draws the pictures of the examples: a grid of panels with
// points, heat maps and arrows in the plane, as one PNG.
//
// A picture is a pure function of its input, to the last byte, whatever the
// number of processors. One unit is equally long along both axes.
package figure
