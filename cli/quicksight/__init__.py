"""What people look at in QuickSight: views of the shipped queries, datasets over views, sheets of the dashboard."""
