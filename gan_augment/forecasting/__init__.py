"""Forecast the time and the memory of a training before it begins."""

from gan_augment.forecasting.costs import Forecast, forecast

__all__ = ["Forecast", "forecast"]
