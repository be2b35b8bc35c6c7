"""What a training will take, before it begins."""

from gan_augment.forecasting.costs import Forecast, forecast

__all__ = ["Forecast", "forecast"]
