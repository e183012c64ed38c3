"""Three meals in a kitchen, and a thread for each, which sleeps while its meal cooks, and leaves a dish there.

Try it: python3 slides/code/python/timers.py
"""

import time
from threading import Thread

MINUTE = 0.005  # seconds


def main():
    meals = [Meal("potatoes", 20), Meal("noodles", 9), Meal("tea", 4)]
    jobs = []
    # region kitchen
    for meal in meals:
        job = Thread(target=meal.cook)
        job.start()
        jobs.append(job)
    for job, meal in zip(jobs, meals):
        job.join()
        serve(meal)
    # endregion


class Meal:
    """What somebody has ordered."""

    def __init__(self, name, minutes):
        self.name = name
        self.minutes = minutes
        self.dish = "nothing"

    def cook(self):
        """What a thread does with its meal, from its first line to its last."""
        time.sleep(MINUTE * self.minutes)
        self.dish = f"{self.name} after {self.minutes} minutes"


def serve(meal):
    print(meal.dish)


main()
