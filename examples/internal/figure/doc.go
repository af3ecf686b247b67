// Package figure draws the pictures of the examples: a grid of panels with
// points, heat maps, arrows and lines, as one PNG, or several in turn as a GIF.
//
// A picture is a pure function of its input, to the last byte, whatever the
// number of processors. One unit is equally long along both axes, unless
// they are logarithmic.
package figure
